"""Assumption: rows reach their table with the values and types they have, whatever the first of them hold.

Broken by: ingestion/rows.py, if DuckDB guesses a column's type from a sample of its values.
"""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from ingestion.rows import insert_rows


def test_values_of_every_kind_arrive_as_they_are() -> None:
    empty = (None,) * 6
    told = ("a\0b'🙂", date(2026, 11, 22), datetime(2026, 11, 22, 3, 4, 5, 678), 2**40, True, 0.125)
    with duckdb.connect() as connection:
        connection.execute("create table t (a varchar, b date, c timestamp, d bigint, e boolean, f double)")
        insert_rows(connection, "t", [*[empty] * 5000, told, *[empty] * 5000])
        assert connection.execute("select * from t where a is not null").fetchall() == [told]
        assert connection.execute("select count(*) from t").fetchall() == [(10_001,)]


def test_no_rows_are_no_error() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table t (a varchar)")
        insert_rows(connection, "t", [])
        assert connection.execute("select * from t").fetchall() == []
