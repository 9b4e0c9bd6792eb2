"""Assumption: a table's digest is of its content: the same however it was made, another after any change.

Publishing compares the gate's digests with what it wrote, and nights are compared by them: a digest that depended
on threads or files would refuse good releases, one that overlooked a change would let a bad one through.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.digests import ROWS_AT_ONCE, table_digest, table_digests

COLUMNS = "id bigint, name varchar, amount decimal(18, 2), rate double, day date, entered_at timestamp, is_open boolean"
ROWS = [
    (1, "ü", "10.50", 0.1, "2026-11-01", "2026-11-01 10:00:00", True),
    (2, "", "10.50", 0.25, "2026-11-01", "2026-11-01 10:00:00.000001", False),
    (2, None, None, None, None, None, None),
    (2, None, None, None, None, None, None),
    (None, "1", "0", -0.0, "0001-01-01", "9999-12-31 00:00:00", None),
    (None, "1", "0", 0.0, "0001-01-01", "9999-12-31 00:00:00", None),
]


def digest_of(rows: Sequence[tuple[object, ...]], columns: str = COLUMNS, name: str = "t", threads: int = 1) -> str:
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute(f"create table {name} ({columns})")
        if rows:
            connection.executemany(f"insert into {name} values ({', '.join('?' for _ in rows[0])})", rows)
        return table_digest(connection, "main", name)


def test_the_digest_does_not_depend_on_the_order_of_rows_threads_or_the_table_name() -> None:
    shuffled = ROWS.copy()
    for seed in range(5):
        random.Random(seed).shuffle(shuffled)
        assert digest_of(shuffled, name=f"t{seed}", threads=1 + seed % 2) == digest_of(ROWS)


@pytest.mark.parametrize("row", range(len(ROWS)))
@pytest.mark.parametrize("column", range(7))
def test_the_digest_changes_with_any_cell(row: int, column: int) -> None:
    other = (7, "x", "7.00", 0.7, "2026-11-07", "2026-11-07 07:00:00", None if ROWS[row][6] else True)[column]
    changed = [(*ROWS[row][:column], other, *ROWS[row][column + 1 :]) if at == row else ROWS[at] for at in range(6)]
    assert digest_of(changed) != digest_of(ROWS)


@pytest.mark.parametrize(
    "changed",
    [
        ROWS[:-1],
        [*ROWS, ROWS[2]],
        [*ROWS[:3], *ROWS[4:]],
        [],
    ],
    ids=["a row less", "a row more", "a duplicate less", "no rows"],
)
def test_the_digest_changes_with_the_number_of_rows(changed: Sequence[tuple[object, ...]]) -> None:
    assert digest_of(changed) != digest_of(ROWS)


@pytest.mark.parametrize(
    "columns",
    [
        COLUMNS.replace("name", "title"),
        COLUMNS.replace("bigint", "integer"),
        COLUMNS.replace("decimal(18, 2)", "decimal(18, 3)"),
    ],
)
def test_the_digest_changes_with_a_name_or_type_of_a_column(columns: str) -> None:
    assert digest_of(ROWS, columns) != digest_of(ROWS)


def test_the_digest_changes_with_the_order_of_columns() -> None:
    assert digest_of([(1, 2)], "a integer, b integer") != digest_of([(2, 1)], "b integer, a integer")


def test_values_cannot_move_from_one_column_to_the_next() -> None:
    columns = "a varchar, b varchar"
    texts = ["", "a", "ab", "1:a", ":", "-", None]
    digests = {digest_of([(left, right)], columns) for left in texts for right in texts}
    assert len(digests) == len(texts) ** 2


def test_an_instant_is_digested_alike_in_every_time_zone() -> None:
    digests = set()
    for zone in ("UTC", "America/New_York"):
        with duckdb.connect() as connection:
            connection.execute(f"set timezone = '{zone}'")
            connection.execute("create table t as select timestamptz '2026-11-01 10:00:00+00' as at")
            digests.add(table_digest(connection, "main", "t"))
    assert len(digests) == 1


def test_the_digest_survives_parquet_and_another_storage_version(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({COLUMNS})")
        connection.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?)", ROWS)
        expected = table_digest(connection, "main", "t")
        connection.execute(f"copy t to '{tmp_path / 't.parquet'}' (row_group_size 2)")
        connection.execute(f"create view from_parquet as from '{tmp_path / 't.parquet'}'")
        connection.execute(f"attach '{tmp_path / 'old.duckdb'}' as old (storage_version 'v1.0.0')")
        connection.execute("create schema old.marts; create table old.marts.t as from t")
        assert table_digest(connection, "main", "from_parquet") == expected
        assert table_digest(connection, "old.marts", "t") == expected


def test_every_table_and_view_of_a_schema_is_digested() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create table marts.b as select 1 as x")
        connection.execute("create view marts.a as select 1 as x; create table other as select 1 as x")
        digests = table_digests(connection, "marts")
    assert list(digests) == ["a", "b"]
    assert digests["a"] == digests["b"]


def test_tables_larger_than_a_chunk_are_digested_alike_by_one_thread_and_two() -> None:
    def digest(threads: int, order: str) -> str:
        with duckdb.connect(config={"threads": threads}) as connection:
            rows = f"select hash(range) % 1000 as key, range / 7 as value from range({2 * ROWS_AT_ONCE + 1})"
            connection.execute(f"create table t as {rows} order by {order}")
            return table_digest(connection, "main", "t")

    assert digest(1, "key") == digest(2, "value desc")


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.text(max_size=3) | st.none(), st.floats(allow_nan=False) | st.none()), max_size=6))
def test_two_tables_have_one_digest_only_if_they_have_the_same_rows(rows: list[tuple[str | None, float | None]]) -> None:
    columns = "a varchar, b double"
    rows = [(None if text is None else text.replace("\x00", ""), number) for text, number in rows]
    assert digest_of(rows, columns) == digest_of(rows[::-1], columns)
    assert digest_of([*rows, ("more", 1.0)], columns) != digest_of(rows, columns)
