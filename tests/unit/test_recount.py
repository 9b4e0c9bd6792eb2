"""Assumption guarded: the recount can fail. A wrong cell, a missing row and a row too many are each reported by table, column and key.

Published tables are written here from the recount's own counts of a hand-made landing, and one thing in them is then made wrong.
If one fails, look at benchmarks/recount/compare.py and tables.py.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.recount.compare import Compared, agrees
from benchmarks.recount.facts import Facts
from benchmarks.recount.tables import TABLES, recount

TYPES = {
    bool: "boolean",
    int: "bigint",
    float: "double",
    Decimal: "decimal(38,2)",
    date: "date",
    datetime: "timestamp",
    str: "varchar",
}
CONFIG = "company: {name: Three deals, timezone: UTC, currency: USD}\n"
DEALS = """\
opportunity_id,stage,created_at,owner_id,amount,closed_at
D1,won,2026-09-01T09:00:00Z,A,1000,2026-10-01T09:00:00Z
D2,lost,2026-09-02T09:00:00Z,A,500,2026-09-30T09:00:00Z
D3,engagement,2026-09-03T09:00:00Z,A,,
"""
HISTORY = """\
opportunity_id,stage,entered_at
D1,prospecting,2026-09-01T09:00:00Z
D1,won,2026-10-01T09:00:00Z
D2,prospecting,2026-09-02T09:00:00Z
D2,lost,2026-09-30T09:00:00Z
D3,prospecting,2026-09-03T09:00:00Z
D3,engagement,2026-09-20T09:00:00Z
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    tmp_path = tmp_path_factory.mktemp("recount")
    for name, text in (("opportunity", DEALS), ("stage_history", HISTORY), ("user", "user_id,name,team\nA,Ann,East\n")):
        path = tmp_path / "landing" / "generic" / name / f"{name}_2026-11-10.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    return Facts(tmp_path / "landing", tmp_path / "config.yml")


@pytest.fixture(scope="module")
def counted(facts: Facts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has published what the recount counts: counting takes longer than all else."""
    home = tmp_path_factory.mktemp("counted") / "home"
    published = home / "published"
    published.mkdir(parents=True)
    with duckdb.connect(str(published / "funnelcast.duckdb")) as connection:
        connection.execute("create schema marts")
        for name, table in TABLES.items():
            rows = table.count(facts)
            if rows:
                _publish(connection, name, rows)
    return home


@pytest.fixture
def home(counted: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(counted, tmp_path / "home")


@pytest.mark.parametrize(
    "table", ["fct_opportunity", "fct_stage_visit", "fct_pipeline_daily", "fct_pipeline_bridge", "fct_velocity"]
)
def test_what_agrees_is_compared_and_does_not_differ(facts: Facts, home: Path, table: str) -> None:
    outcome = recount(facts, home, table)
    assert outcome.total > 20
    assert outcome.wrong == 0


def test_a_wrong_cell_is_reported_with_its_key(facts: Facts, home: Path) -> None:
    _spoil(
        home,
        "update marts.fct_pipeline_daily set won_amount = won_amount + 0.01 where date_day = '2026-10-01' and stage = 'prospecting'",
    )
    outcome = recount(facts, home, "fct_pipeline_daily")
    assert dict(outcome.differing) == {"won_amount": 1}
    assert outcome.examples["won_amount"] == [
        "generic / 2026-10-01 / default / prospecting: published 1000.01, counted 1000.00"
    ]


def test_a_row_that_is_missing_or_too_many_is_reported(facts: Facts, home: Path) -> None:
    _spoil(home, "delete from marts.fct_stage_visit where opportunity_id = 'D3' and visit_number = 2")
    _spoil(home, "update marts.fct_stage_visit set visit_number = 7 where opportunity_id = 'D1' and visit_number = 2")
    outcome = recount(facts, home, "fct_stage_visit")
    assert dict(outcome.differing) == {"(row)": 3}


def test_null_is_not_zero(facts: Facts, home: Path) -> None:
    _spoil(home, "update marts.fct_opportunity set amount = 0 where opportunity_id = 'D3'")
    outcome = recount(facts, home, "fct_opportunity")
    assert dict(outcome.differing) == {"amount": 1}


@pytest.mark.parametrize(
    ("published", "counted", "is_same"),
    [
        (Decimal("0.33"), 1 / 3, True), (Decimal("0.33"), Decimal("0.34"), False), (0.333333, 1 / 3, True), (0.333335, 1 / 3, False),
        (None, 0, False), (0, None, False), (None, None, True), (True, False, False), ("won", "lost", False),
        ('{"a":null}', '{"a": null}', True), ('{"a":null}', '{"b": null}', False),
    ],
)  # fmt: skip
def test_how_near_is_the_same(published: object, counted: object, is_same: bool) -> None:
    assert agrees(published, counted) is is_same


def test_nothing_published_is_a_difference(facts: Facts, home: Path) -> None:
    _spoil(home, "delete from marts.fct_opportunity")
    outcome: Compared = recount(facts, home, "fct_opportunity")
    assert outcome.differing["(row)"] == 3


def _publish(connection: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    kinds = {column: next((type(row[column]) for row in rows if row.get(column) is not None), str) for column in columns}
    listing = ", ".join(f'"{column}" {TYPES.get(kind, "double")}' for column, kind in kinds.items())
    connection.execute(f"create table marts.{name} ({listing})")
    marks = ", ".join("?" for _ in columns)
    connection.executemany(
        f"insert into marts.{name} values ({marks})", [[row.get(column) for column in columns] for row in rows]
    )


def _spoil(home: Path, sql: str) -> None:
    with duckdb.connect(str(home / "published" / "funnelcast.duckdb")) as connection:
        connection.execute(sql)
