"""Assumption: a rule's SQL finds the rows that its expectation counts, whatever the values are.

Without it a red check would show the wrong examples, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from quality.rules import (
    Between,
    InSet,
    NoRows,
    NotBefore,
    NotEmpty,
    NotNull,
    Rule,
    UniqueTogether,
    identifier,
    literal,
)


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("""
            create table things as select * from (values
                (1, 'open', date '2026-11-01', date '2026-11-02'),
                (2, 'open', date '2026-11-03', date '2026-11-02'),
                (3, 'it''s', date '2026-11-01', null),
                (4, null, null, date '2026-11-02')
            ) as things (id, status, started, ended)
        """)
        yield connection


@pytest.mark.parametrize(
    ("rule", "offenders"),
    [
        (NotNull("status"), [4]),
        (UniqueTogether(("status",)), [1, 2]),
        (UniqueTogether(("status", "started")), []),
        (InSet("status", ("open",)), [3]),
        (InSet("status", ("open", "it's")), []),
        (InSet("started", (date(2026, 11, 1),)), [2]),
        (Between("id", 2, 3), [1, 4]),
        (Between("id", minimum=2), [1]),
        (Between("id", maximum=3), [4]),
        (NotBefore(later="ended", earlier="started"), [2]),
        (NoRows("select * from checked where id > 3"), [4]),
        (NoRows("with many as (select * from checked) select * from many where id = 1"), [1]),
    ],
)
def test_a_rule_finds_its_offenders(rows: duckdb.DuckDBPyConnection, rule: Rule, offenders: list[int]) -> None:
    assert rule.offenders is not None
    found = rows.execute(f"select id from ({rule.offenders.format(batch='things')}) order by id").fetchall()
    assert [row[0] for row in found] == offenders


def test_a_rule_about_a_whole_table_has_no_offending_rows() -> None:
    assert NotEmpty().offenders is None


@pytest.mark.parametrize("sql", ["select * from {batch}", "select 1", "select '{' from checked"])
def test_the_sql_of_a_rule_reads_the_table_under_check_and_holds_no_braces(sql: str) -> None:
    with pytest.raises(ValueError, match="reads its table as checked"):
        NoRows(sql)


def test_names_and_values_are_quoted() -> None:
    assert identifier('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal(date(2026, 11, 1)) == "date '2026-11-01'"
    assert literal(1.5) == "1.5"
