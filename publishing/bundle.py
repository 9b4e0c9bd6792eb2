"""The published tables as files: a DuckDB database that old clients open too, and a Parquet file per table.

Belongs here: copying the build's marts, adding the tables about runs, reading back what was written.
Does not belong here: what those tables say (run_tables.py), whether the build may be published (demands.py),
putting the files in place (swap.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from publishing.keys import key_comment, key_sql, keys_of
from publishing.layout import DATABASE, PARQUET, SCHEMA, VIEWS
from publishing.run_log import RunRecord
from publishing.run_tables import OPS_CHECK, OPS_RUN, RUN_TABLES, RunTable, check_rows, run_rows
from quality.build_database import limited
from quality.digests import table_digest
from quality.rules import identifier, literal
from quality.verdict import Verdict

# DuckDB 2.0's own format cannot be read by any 1.x client, and BI tools carry 1.x drivers. All read this one.
STORAGE_VERSION = "v1.0.0"
# Where a sort that does not fit into memory goes while the files are written.
SPILL = ".spill"


@dataclass(frozen=True)
class WrittenTable:
    """A table as it stands in the files that were written."""

    rows: int
    # None for the tables that publishing adds: they are not the gate's to judge.
    digest: str | None
    is_same_in_parquet: bool


def write_tables(build_database: Path, folder: Path, memory: str | None = None) -> None:
    """Copy the build's marts, with their comments, into ``folder/funnelcast.duckdb``, rows ordered by every column.

    ``memory``: what DuckDB may take; None: what it thinks fit.
    """
    with _writing(folder, memory) as connection:
        connection.execute("attach ? as build (read_only)", [str(build_database)])
        connection.execute(f"create schema out.{SCHEMA}")
        for table in _tables(connection, "build"):
            source = f"build.{SCHEMA}.{identifier(table)}"
            connection.execute(f"create table {_in_out(table)} as from {source} order by all")
            _show_in_main(connection, table)
        _copy_comments(connection)


def copy_tables(
    database: Path, folder: Path, change: Callable[[duckdb.DuckDBPyConnection, str, str], int], position: str
) -> None:
    """Copy the tables of a release anew, some rows in other words.

    ``change`` is given a source of rows numbered by ``position``; it puts those that change into the temporary table
    `changed_row` and says how many they are.
    """
    with _writing(folder) as connection:
        connection.execute("attach ? as build (read_only)", [str(database)])
        connection.execute(f"create schema out.{SCHEMA}")
        for table in _tables(connection, "build"):
            source = f"(select *, rowid as {position} from build.{SCHEMA}.{identifier(table)})"
            rows = f"select * exclude ({position}) from {source}"
            if change(connection, table, source):
                rows += f" where {position} not in (select {position} from changed_row)"
                rows += f" union all select * exclude ({position}) from changed_row"
            connection.execute(f"create table {_in_out(table)} as from ({rows}) order by all")
            _show_in_main(connection, table)
        _copy_comments(connection)


def remove_spill(folder: Path) -> None:
    """Remove what sorting left in a folder that is about to be certified."""
    if (folder / SPILL).exists():
        shutil.rmtree(folder / SPILL)


def write_run_tables(folder: Path, runs: tuple[RunRecord, ...], verdict: Verdict) -> None:
    """Add `ops_run` and `ops_check`, which no build can hold: they tell of what came after it."""
    with _writing(folder) as connection:
        _create_run_table(connection, OPS_RUN, run_rows(runs))
        _create_run_table(connection, OPS_CHECK, check_rows(verdict, runs[-1].run_id))


def write_parquet(folder: Path, memory: str | None = None) -> None:
    """Write every table of ``folder/funnelcast.duckdb`` to ``folder/parquet``, its rows in the same order."""
    (folder / PARQUET).mkdir()
    with _reading(folder, memory) as connection:
        for table in _tables(connection, "out"):
            target = str(folder / PARQUET / f"{table}.parquet")
            connection.execute(
                f"copy (from {_in_out(table)}) to ? (format parquet, compression zstd)",
                [target],
            )


def read_back(folder: Path, memory: str | None = None) -> dict[str, WrittenTable]:
    """Look at what was written, opened afresh as a reader would: every table by name."""
    with _reading(folder, memory) as connection:
        return {
            table: WrittenTable(
                rows=_single(connection, f"select count(*) from {_in_out(table)}"),
                digest=None if table in RUN_TABLES else table_digest(connection, f"out.{SCHEMA}", table),
                is_same_in_parquet=_is_same_in_parquet(connection, folder, table),
            )
            for table in _tables(connection, "out")
        }


@contextmanager
def _reading(folder: Path, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has ``folder/funnelcast.duckdb`` as `out`, read only."""
    with duckdb.connect(config=_config(folder, memory)) as connection:
        connection.execute("attach ? as out (read_only)", [str(folder / DATABASE)])
        yield connection


@contextmanager
def _writing(folder: Path, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has ``folder/funnelcast.duckdb`` as `out`, and writes it out whole when it lets go."""
    with duckdb.connect(config=_config(folder, memory)) as connection:
        connection.execute(f"attach ? as out (storage_version '{STORAGE_VERSION}')", [str(folder / DATABASE)])
        yield connection
        # Not left to closing, which would swallow an error of this last write.
        connection.execute("detach out")


def _config(folder: Path, memory: str | None) -> dict[str, str | bool | int | float | list[str]]:
    # By default DuckDB spills into the working folder, and fetches extensions into the user's home.
    return {
        "temp_directory": str(folder / SPILL),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        **limited(memory),
    }


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name = ? order by all",
        [database, SCHEMA],
    ).fetchall()
    return [str(row[0]) for row in rows]


def _single(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _is_same_in_parquet(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> bool:
    # A second digest would cost as much as all of the writing. The database's content was digested; that the
    # Parquet file holds the same rows is told by their count and the sum of their hashes, and the same types
    # by their names.
    database = f"from {_in_out(table)}"
    parquet = f"from read_parquet({literal(str(folder / PARQUET / f'{table}.parquet'))})"
    columns = connection.execute(f"describe {database}").fetchall()
    if connection.execute(f"describe {parquet}").fetchall() != columns:
        return False
    row_hash = f"hash({', '.join(identifier(column[0]) for column in columns)})"
    sums = [connection.execute(f"select count(*), sum({row_hash}) {rows}").fetchall() for rows in (database, parquet)]
    return sums[0] == sums[1]


def _show_in_main(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """A table is found by its bare name too, in the schema in which a database opens, there with its keys of one column.

    The tables stay in the schema in which queries and BI tools know them, and views of them are in the other: attached by a
    client older than DuckDB 1.3, a view finds its table only while its database is the one in use.
    """
    # A view names its table without the database, which is called otherwise wherever it is attached under another name.
    connection.execute("use out")
    source = _name(SCHEMA, table)
    keys = keys_of([str(row[0]) for row in connection.execute(f"describe {source}").fetchall()])
    columns = ["*", *(f"{key_sql(parts)} as {key}" for key, parts in keys.items())]
    connection.execute(f"create view {_name(VIEWS, table)} as select {', '.join(columns)} from {source}")
    for key, parts in keys.items():
        connection.execute(f"comment on column {_name(VIEWS, table, key)} is {literal(key_comment(parts))}")
    connection.execute("use memory")


def _copy_comments(connection: duckdb.DuckDBPyConnection) -> None:
    of_tables = connection.execute(
        "select table_name, comment from duckdb_tables()"
        " where database_name = 'build' and schema_name = ? and comment is not null order by all",
        [SCHEMA],
    ).fetchall()
    of_columns = connection.execute(
        "select c.table_name, c.column_name, c.comment from duckdb_columns() as c"
        " semi join duckdb_tables() as t using (database_name, schema_name, table_name)"
        " where c.database_name = 'build' and c.schema_name = ? and c.comment is not null order by all",
        [SCHEMA],
    ).fetchall()
    _write_comments(connection, of_tables, of_columns)


def _write_comments(
    connection: duckdb.DuckDBPyConnection,
    of_tables: Iterable[tuple[str, str]],
    of_columns: Iterable[tuple[str, str, str]],
) -> None:
    # In one transaction: each of its own waits for the disk, and there are hundreds.
    statements = [
        f"comment on {kind} {_name('out', schema, table)} is {literal(comment)}"
        for table, comment in of_tables
        for kind, schema in (("table", SCHEMA), ("view", VIEWS))
    ]
    statements += [
        f"comment on column {_name('out', schema, table, column)} is {literal(comment)}"
        for table, column, comment in of_columns
        for schema in (SCHEMA, VIEWS)
    ]
    connection.execute(";\n".join(["begin", *statements, "commit"]))


def _in_out(*names: str) -> str:
    return _name("out", SCHEMA, *names)


def _name(*names: str) -> str:
    return ".".join(identifier(name) for name in names)


def _create_run_table(connection: duckdb.DuckDBPyConnection, table: RunTable, rows: list[dict[str, Any]]) -> None:
    # One typed JSON parameter: a statement per row would take longer than all the rest of a small night's publishing.
    shape = json.dumps([{name: kind for name, kind, _ in table.columns}])
    connection.execute(
        f"create table {_in_out(table.name)} as from"
        f" (select unnest(from_json(?::json, {literal(shape)}), recursive := true)) order by all",
        [json.dumps(rows)],
    )
    _show_in_main(connection, table.name)
    descriptions = [(table.name, name, description) for name, _, description in table.columns]
    _write_comments(connection, [(table.name, table.description)], descriptions)
