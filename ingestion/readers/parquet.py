"""Parquet → rows in Parquet, every column as text in one canonical way.

Belongs here: how a typed value is written as text. Does not belong here: whether that text fits its column (dbt staging).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.readers.results import CheckedFile, ReadResult, UnreadableFile
from ingestion.readers.sql import first_sentence, rows_in, sql_name, sql_path, sql_text, stored_names
from ingestion.readers.unpacking import largest_allowed, too_large

_MAGIC = b"PAR1"
# The mark at both ends, and the length of the footer.
_SMALLEST = 12


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """List the columns as the file names them. Raises `UnreadableFile` where its footer cannot be read."""
    _demand_footer(path)
    try:
        rows = connection.execute(f"select name, coalesce(num_children, 0) from parquet_schema({sql_path(path)})").fetchall()
    except duckdb.Error as error:
        raise _damaged(error) from error
    # The schema is a tree, written depth first: below its root are the columns, each followed by its own parts.
    columns: list[str] = []
    position = 1
    while position < len(rows):
        columns.append(str(rows[position][0]))
        position = _behind(rows, position)
    return columns


def load_parquet(connection: duckdb.DuckDBPyConnection, checked: CheckedFile, technical: str, target: Path) -> ReadResult:
    """Copy a Parquet file, all columns as text and its rows in order, to zstd Parquet at ``target``.

    Its footer says how many rows were delivered.

    Raises `UnreadableFile` where a part of it cannot be read, or where it is larger than a file of its size can be.
    """
    source = f"read_parquet({sql_path(checked.text)}, hive_partitioning = false)"
    columns = parquet_columns(connection, checked.text)
    try:
        rows = _rows_told(connection, checked)
        described = connection.execute(f"describe select * from {source}").fetchall()
        # DuckDB tells two columns of one name apart by renaming the second; landing refuses such a file by name.
        values = {
            stored: _as_text(name, kind) for stored, (name, kind, *_) in zip(stored_names(columns), described, strict=True)
        }
        _demand_reasonable_size(connection, checked, source, list(values.values()), rows)
        selected = ", ".join(f"{value} as {sql_name(stored)}" for stored, value in values.items())
        connection.execute(
            f"copy (select {selected}, {technical} from {source}) "
            f"to {sql_text(str(target))} (format parquet, compression zstd)"
        )
    except duckdb.Error as error:
        raise _damaged(error) from error
    return ReadResult(tuple(columns), rows, rows_in(connection, target), (), checked.notes, is_numbered=False)


def _behind(rows: list[tuple[str, int]], position: int) -> int:
    """The position after the part at ``position`` and all parts of it."""
    parts = rows[position][1]
    position += 1
    for _ in range(parts):
        position = _behind(rows, position)
    return position


def _demand_footer(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise UnreadableFile("it is not a Parquet file, whatever its name says")
        size = stream.seek(0, 2)
        stream.seek(max(size - len(_MAGIC), 0))
        if size < _SMALLEST or stream.read() != _MAGIC:
            raise UnreadableFile("its Parquet footer is missing: it was cut off before its end")


def _rows_told(connection: duckdb.DuckDBPyConnection, checked: CheckedFile) -> int:
    ((rows, stored_bytes, columns),) = connection.execute(
        f"""
        select
            any_value(footer.num_rows),
            (select sum(total_uncompressed_size) from parquet_metadata({sql_path(checked.text)})),
            (select count(distinct column_id) from parquet_metadata({sql_path(checked.text)}))
        from parquet_file_metadata({sql_path(checked.text)}) as footer
        """
    ).fetchall()
    limit = largest_allowed(checked.text_bytes)
    # As text, a value takes a byte at the least: the mark between it and the next.
    if max(int(stored_bytes or 0), int(rows) * int(columns)) > limit:
        raise too_large(limit)
    return int(rows)


def _demand_reasonable_size(
    connection: duckdb.DuckDBPyConnection, checked: CheckedFile, source: str, values: list[str], rows: int
) -> None:
    """A dictionary of one long value can say it a million times; the footer does not show that, its length does."""
    limit = largest_allowed(checked.text_bytes)
    if not rows or not values:
        return
    lengths = " + ".join(f"coalesce(sum(strlen({value})), 0)" for value in values)
    ((total,),) = connection.execute(f"select {lengths} from {source}").fetchall()
    if int(total) > limit:
        raise too_large(limit)


def _as_text(name: str, kind: str) -> str:
    """ISO dates and times, UTC where there is a zone; plain decimals; whole floats without `.0`; nested values as JSON."""
    column = sql_name(name)
    as_it_is = f"cast({column} as varchar)"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"cast(to_json({column}) as varchar)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"replace(cast({column} at time zone 'UTC' as varchar), ' ', 'T') || 'Z'"
    if kind.startswith("TIMESTAMP"):
        return f"replace({as_it_is}, ' ', 'T')"
    if kind in ("DOUBLE", "FLOAT"):
        # An integer column with a null in it is written as floats by pandas: its ids must stay what they are.
        is_whole = f"isfinite({column}) and {column} = trunc({column}) and abs({column}) < 9007199254740992"
        return f"case when {is_whole} then cast(cast({column} as bigint) as varchar) else {as_it_is} end"
    if kind == "BLOB":
        # Text that its writer did not declare to be text; what is no text shows its bytes.
        return f"coalesce(try(decode({column})), {as_it_is})"
    return as_it_is


def _damaged(error: duckdb.Error) -> UnreadableFile:
    return UnreadableFile(f"it is a Parquet file that cannot be read to its end ({first_sentence(str(error))})")
