"""Delivered names as SQL: text, never code, and never a pattern.

Belongs here: quoting, and the little that every reader asks of DuckDB. Does not belong here: any format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

TECHNICAL_COLUMNS = ("_file", "_row", "_extracted_at", "_sequence")
# DuckDB's name for the place of a row in its Parquet file.
PLACE = "file_row_number"


def sql_text(value: str) -> str:
    """Quote a value as an SQL string."""
    return "'" + value.replace("'", "''") + "'"


def sql_name(value: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def sql_path(path: Path) -> str:
    """Quote the path of a file to read. DuckDB takes `a[1].csv` for a pattern and reads `a1.csv` instead, without a word."""
    return sql_text(re.sub(r"([*?\[])", r"[\1]", str(path)))


def stored_name(delivered: str) -> str:
    """The name under which raw keeps a delivered column: as it is, unless it would hide one of our own."""
    return f"{delivered}_" if delivered.casefold() in (*TECHNICAL_COLUMNS, PLACE) else delivered


def stored_names(columns: Sequence[str]) -> list[str]:
    """The names under which raw keeps delivered columns."""
    return [stored_name(name) for name in columns]


def rows_in(connection: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    """Count the rows of a Parquet file."""
    rows = connection.execute(f"select count(*) from read_parquet({sql_path(parquet)})").fetchall()
    return int(rows[0][0])


def first_sentence(message: str) -> str:
    """DuckDB's errors go on for many lines; the first says what is wrong."""
    return next((part.strip() for part in message.splitlines() if part.strip()), "unreadable")


@contextmanager
def one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What needs much memory per thread is done by one of them."""
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {threads}")
