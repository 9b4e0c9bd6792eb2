"""Make Great Expectations work on DuckDB.

Belongs here: the one thing Great Expectations 1.24 must be told about DuckDB, and why.
Does not belong here: anything else about Great Expectations (validation.py).

Great Expectations runs a query inside `with engine.connect()` and fetches its rows after that block, when the
connection has gone back to the pool and been rolled back. PostgreSQL's driver has the rows by then. DuckDB's
cursor is the connection itself, so the rows are gone, and Great Expectations fails with "list index out of
range". For SQLite and three others it keeps one connection open instead; that list of dialects is private,
and DuckDB is not on it. `install` adds it.

The list's members are compared with the dialect's name and asked for their `value`, which is why the addition
is a string enumeration and not a plain string.
"""

from __future__ import annotations

from enum import StrEnum

from great_expectations.execution_engine import sqlalchemy_execution_engine as engine_module


class _Dialect(StrEnum):
    DUCKDB = "duckdb"


def install() -> None:
    """Let Great Expectations keep its DuckDB connection open; a second call changes nothing."""
    kept = engine_module._PERSISTED_CONNECTION_DIALECTS
    if not any(dialect.value == _Dialect.DUCKDB.value for dialect in kept):
        engine_module._PERSISTED_CONNECTION_DIALECTS = (*kept, _Dialect.DUCKDB)
