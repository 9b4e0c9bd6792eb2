"""Assumes: what is published is the build's marts, complete, in a stated order, described, and nothing else.

Guards publishing/bundle.py, publishing/run_tables.py and publishing/build.py.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from publishing import bundle
from publishing.accounting import Accounting
from publishing.build import read_build
from publishing.run_log import RunRecord
from quality.digests import table_digest
from quality.verdict import CheckResult, Verdict

NOW = datetime(2026, 11, 23, tzinfo=UTC)
RUN = RunRecord("run-1", "published", NOW, NOW, "0.1.0")
CHECK = CheckResult("stages", "marts.t", "opportunities", "warn", "failed", 3, None, ("x",), "It's so.", "Mend it.")
VERDICT = Verdict("run-1", "passed", (CHECK,), {}, "2026-11-23T02:00:00+00:00")


# Rows in no order, values that trip up copies, names and comments that need quoting.
BUILD = '''
create schema marts;
create schema staging;
create table staging.secret as select 1 as x;
create table main.other as select 1 as x;
create view marts.a_view as select 1 as x;
create table marts."Odd ""name""" as
    select * from (values
        (2, null, 'ü€😀'), (1, 0.5::double, 'it''s'), (null, 'nan'::double, ''), (1, 0.25, null)
    ) as made("order", "ra te", "select");
comment on table marts."Odd ""name""" is 'It''s odd; drop table';
comment on column marts."Odd ""name"""."ra te" is 'A ''rate''.';
create table marts.many as
    select (i * 7919) % 100003 as id, i % 3 as kind, timestamp '2026-01-01' + to_seconds(i) as at,
        (i / 7)::decimal(18, 2) as amount, date '2026-01-01' as day, i % 2 = 0 as flag
    from range(100003) as made(i);
create table marts.empty (id varchar, amount decimal(18, 2));
'''


@pytest.fixture
def build(tmp_path: Path) -> Path:
    path = tmp_path / "build's.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(BUILD)
    return path


@pytest.fixture
def folder(tmp_path: Path, build: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    bundle.write_tables(build, folder)
    bundle.write_run_tables(folder, (RUN,), VERDICT)
    bundle.write_parquet(folder)
    return folder


def test_the_database_holds_the_marts_by_schema_and_by_bare_name_and_nothing_else(folder: Path) -> None:
    names = ['Odd "name"', "empty", "many", "ops_check", "ops_run"]
    with duckdb.connect(str(folder / "funnelcast.duckdb"), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        views = connection.execute(
            "select schema_name, view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        shown = connection.execute("show tables").fetchall()
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            by_name, by_schema = (connection.execute(f"from {table}").fetchall() for table in (quoted, f"marts.{quoted}"))
            assert str(by_name) == str(by_schema)
    assert tables == [("marts", name) for name in names]
    assert views == [("main", name) for name in names]
    assert shown == [(name,) for name in names]
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "funnelcast.duckdb",
        "parquet",
    ]


def test_the_content_is_that_of_the_build(build: Path, folder: Path) -> None:
    written = bundle.read_back(folder)
    with duckdb.connect(str(build), read_only=True) as connection:
        for name in ('Odd "name"', "empty", "many"):
            assert written[name].digest == table_digest(connection, "marts", name)
    assert {name: table.rows for name, table in written.items()} == {
        'Odd "name"': 4,
        "empty": 0,
        "many": 100_003,
        "ops_check": 1,
        "ops_run": 1,
    }
    assert all(table.is_same_in_parquet for table in written.values())
    assert {name for name, table in written.items() if table.digest is None} == {"ops_check", "ops_run"}


@pytest.mark.parametrize("source", ["funnelcast.duckdb", "parquet"])
def test_rows_are_ordered_by_every_column(folder: Path, source: str) -> None:
    with duckdb.connect() as connection:
        if source == "parquet":
            table = f"read_parquet('{folder}/parquet/many.parquet')"
        else:
            connection.execute("attach ? as out (read_only)", [str(folder / source)])
            table = "out.marts.many"
        as_stored = connection.execute(f"from {table}").fetchall()
        assert as_stored == connection.execute(f"from {table} order by all").fetchall()


def test_comments_come_along_and_run_tables_have_their_own(folder: Path) -> None:
    with duckdb.connect(str(folder / "funnelcast.duckdb"), read_only=True) as connection:
        tables = dict(connection.execute("select table_name, comment from duckdb_tables()").fetchall())
        views = dict(connection.execute("select view_name, comment from duckdb_views() where not internal").fetchall())
        columns, of_views = (
            {
                (table, column): comment
                for table, column, comment in connection.execute(
                    "select table_name, column_name, comment from duckdb_columns() where not internal and schema_name = ?",
                    [schema],
                ).fetchall()
            }
            for schema in ("marts", "main")
        )
    assert views == tables
    assert of_views == columns
    assert tables['Odd "name"'] == "It's odd; drop table"
    assert columns['Odd "name"', "ra te"] == "A 'rate'."
    assert tables["many"] is None
    assert all(tables[name] for name in ("ops_run", "ops_check"))
    assert all(comment for (table, _), comment in columns.items() if table in ("ops_run", "ops_check"))


def test_things_have_a_key_of_one_column_in_main(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute(
            "create schema marts; create table marts.fct_visit as select * from (values"
            " ('crm', '006', 'p', 'won', null), ('hub', '006', 'p', null, 'r1')) as made(source_system, opportunity_id, pipeline, stage, rep_id)"
        )
    bundle.write_tables(tmp_path / "build.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "funnelcast.duckdb"), read_only=True) as connection:
        found = connection.execute("select opportunity_key, rep_key, stage_key from fct_visit order by all").fetchall()
        in_marts = connection.execute("describe marts.fct_visit").fetchall()
        comments = connection.execute(
            "select comment from duckdb_columns() where schema_name = 'main' and not internal and column_name like '%\\_key' escape '\\'"
        ).fetchall()
    assert found == [("crm:006", None, "crm:p:won"), ("hub:006", "hub:r1", None)]
    assert [column[0] for column in in_marts] == ["source_system", "opportunity_id", "pipeline", "stage", "rep_id"]
    assert len(comments) == 3
    assert all("Null where" in comment for (comment,) in comments)


def test_run_tables_say_what_happened(folder: Path) -> None:
    with duckdb.connect(str(folder / "funnelcast.duckdb"), read_only=True) as connection:
        runs = connection.execute("select run_id, as_of, outcome, started_at, files_read from marts.ops_run").fetchall()
        checks = connection.execute("from marts.ops_check").fetchall()
    assert runs == [("run-1", None, "published", NOW.replace(tzinfo=None), None)]
    assert checks == [("run-1", "stages", "marts.t", "opportunities", "warn", "failed", 3, None, "It's so.", "Mend it.")]


@pytest.mark.parametrize(
    "spoilt",
    [
        "select 1::integer as id, 2::bigint as x",
        "select 1::bigint as id, 3::bigint as x",
        "select 1::bigint as id",
        "select 1::bigint as id, 2::bigint as x union all select 1, 2",
    ],
)
def test_a_parquet_file_with_other_content_is_noticed(tmp_path: Path, spoilt: str) -> None:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.t as select 1::bigint as id, 2::bigint as x")
    bundle.write_tables(tmp_path / "build.duckdb", tmp_path)
    bundle.write_parquet(tmp_path)
    assert bundle.read_back(tmp_path)["t"].is_same_in_parquet
    with duckdb.connect() as connection:
        connection.execute(f"copy ({spoilt}) to '{tmp_path}/parquet/t.parquet'")
    assert not bundle.read_back(tmp_path)["t"].is_same_in_parquet


def test_writing_leaves_nothing_outside_the_folder(tmp_path: Path, build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))
    before = build.read_bytes()
    folder = tmp_path / "release"
    folder.mkdir()
    bundle.write_tables(build, folder)
    bundle.write_parquet(folder)
    bundle.read_back(folder)
    assert list(elsewhere.iterdir()) == []
    assert build.read_bytes() == before


EMPTY_BUILD = """
create schema config;
create table config.run (build_id varchar, as_of date, currency varchar, process_digest varchar);
create schema marts;
create table marts.fct_opportunity (currency varchar);
create table marts.ops_file (system varchar, object varchar, file varchar, extracted_at timestamp,
    sha256 varchar, format varchar, outcome varchar, reason varchar, rows_delivered bigint,
    rows_loaded bigint, rows_quarantined bigint, rows_staged bigint, rows_duplicate bigint, rows_set_aside bigint);
create table marts.ops_set_aside (system varchar, object varchar, file varchar, row_number bigint, found_in varchar);
"""


@pytest.mark.parametrize(
    ("declared", "of_deals", "told"),
    [
        ("EUR", ["USD", "JPY"], "EUR"),
        (None, ["USD", "USD", None], "USD"),
        (None, ["USD", "JPY"], None),
        (None, [], None),
    ],
)
def test_the_build_tells_its_currency_only_if_there_is_one(
    tmp_path: Path, declared: str | None, of_deals: list[str | None], told: str | None
) -> None:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute(EMPTY_BUILD)
        connection.execute("insert into config.run values ('run-1', '2026-11-22', ?, 'c0')", [declared])
        connection.execute("insert into marts.fct_opportunity select unnest(?::varchar[])", [of_deals])
    build = read_build(tmp_path / "build.duckdb")
    assert (build.build_id, build.as_of, build.config_digest) == ("run-1", date(2026, 11, 22), "c0")
    assert (build.accounting, build.delivered_files) == (Accounting(0, 0, 0, 0), [])
    assert build.reporting_currency == told
    assert build.bytes_to_publish > 0
