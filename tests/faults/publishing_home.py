"""A home with a build that the gate passed, small but real: what the publishing tests publish.

Belongs here: making builds and verdicts, and looking at a release the way a suspicious reader would.
Does not belong here: what publishing must do with them (the tests).

Every amount in a build is made from its `marker`, so that a reader can tell which build it reads, and whether
all of it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from funnelcast.settings import Settings
from publishing.certificate import read_certificate
from publishing.reader import open_release, published_release
from publishing.release import Release, publish
from publishing.run_log import append_run
from quality.digests import table_digest, table_digests
from quality.verdict import CheckResult, Verdict, decide

STARTED_AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DEALS = 3_000

PASSED = CheckResult(
    check="every_deal_has_a_stage",
    table="marts.fct_opportunity",
    group="opportunities",
    severity="refuse",
    status="passed",
    unexpected_rows=0,
    total_rows=DEALS,
    examples=(),
    description="Every deal is in a stage.",
    advice="Map the stage in the config.",
)
FAILED = replace(PASSED, status="failed", unexpected_rows=3, examples=("006A1", "006A2"))
WARNED = replace(FAILED, check="amounts_are_plausible", severity="warn")
ERRORED = replace(PASSED, status="errored", unexpected_rows=None, total_rows=None, error="KeyError: 'stage'")


def settings_of(home: Path) -> Settings:
    return Settings(home=home, landing=home / "landing")


def make_build(home: Path, run_id: str, marker: int = 1, deals: int = DEALS) -> Settings:
    """Make the build database of a run, and the verdict of a gate that passed it."""
    settings = settings_of(home)
    settings.build.mkdir(parents=True, exist_ok=True)
    settings.build_database.unlink(missing_ok=True)
    with duckdb.connect(str(settings.build_database)) as build:
        for statement in _statements(run_id, marker, deals):
            build.execute(statement)
    write_verdict(settings, run_id, [PASSED, WARNED])
    return settings


def write_verdict(settings: Settings, build_id: str, checks: Iterable[CheckResult]) -> None:
    """Write the verdict of a gate that found these, with the digests that the tables have now."""
    checks = tuple(checks)
    with duckdb.connect(str(settings.build_database), read_only=True) as build:
        digests = table_digests(build, "marts")
    Verdict(build_id, decide(checks), checks, digests, "2026-11-23T02:05:00+00:00").write(settings.verdict_file)


def publish_build(home: Path, run_id: str, marker: int = 1, deals: int = DEALS) -> Release:
    """Build, judge, publish and record the run: an undisturbed night."""
    release = publish(make_build(home, run_id, marker, deals), run_id, STARTED_AT)
    append_run(home, release.run)
    return release


def copy_home(home: Path, target: Path) -> Settings:
    """Copy a home made for several tests, times and links included, so that one of them can spoil it."""
    shutil.copytree(home, target, symlinks=True)
    return settings_of(target)


def expected_sum(marker: int, deals: int = DEALS) -> int:
    return marker * deals * (deals + 1) // 2


def sum_of_amounts(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("select sum(amount) from fct_opportunity").fetchall()[0][0])


def what_is_wrong(home: Path) -> str | None:
    """Read all that is published, trusting nothing: every file's hash, every table's digest. None: it is
    whole."""
    release = published_release(home)
    if wrong := files_wrong(release):
        return wrong
    certificate = read_certificate(release)
    with open_release(release) as connection:
        for table, recorded in certificate["tables"].items():
            if table_digest(connection, "funnelcast.marts", table) != recorded["digest"]:
                return f"{table} is not what was certified"
        marker = connection.execute("select marker from dim_marker").fetchall()[0][0]
        if sum_of_amounts(connection) != expected_sum(marker):
            return "the amounts are not those of the build"
    return None


def files_wrong(release: Path) -> str | None:
    """Compare every file of a release with its certificate."""
    certificate = read_certificate(release)
    if certificate["release"] != release.name:
        return f"{release} carries the certificate of {certificate['release']}"
    for name, recorded in certificate["files"].items():
        if hashlib.sha256((release / name).read_bytes()).hexdigest() != recorded["sha256"]:
            return f"{release / name} is not what was certified"
    return None


def _statements(run_id: str, marker: int, deals: int) -> list[str]:
    return [
        "create schema config",
        "create table config.run (build_id varchar, as_of date, currency varchar, process_digest varchar)",
        f"insert into config.run values ('{run_id}', date '2026-11-22', 'EUR', '{'c0' * 32}')",
        # Not to be published.
        "create schema staging",
        "create table staging.stg_generic__opportunity as select 1 as opportunity_id",
        "create schema marts",
        f"create table marts.dim_marker as select {marker} as marker",
        f"""
        create table marts.fct_opportunity as
        select 'generic' as source_system, 'D' || deal as opportunity_id, md5(deal::varchar) as name,
            case when deal % 3 = 0 then 'open' else 'won' end as status, 'EUR' as currency,
            (deal * {marker})::decimal(18, 2) as amount,
            timestamp '2026-01-01' + to_minutes(deal) as created_at, round(deal / 7.0, 6)::double as rate
        from range({deals}, 0, -1) as made(deal)
        """,
        "comment on table marts.fct_opportunity is 'The company''s deals. One row per deal.'",
        "comment on column marts.fct_opportunity.amount is 'What the deal is worth.'",
        """
        create table marts.fct_velocity (
            period_type varchar, period_start date, period_end date, is_complete boolean, scope varchar,
            won bigint, closed bigint, won_amount decimal(18, 2),
            win_rate double, win_rate_low double, win_rate_high double,
            sales_cycle_days_median double, velocity_per_day double, previous_velocity_per_day double)
        """,
        f"""
        insert into marts.fct_velocity values
            ('quarter', '2026-10-01', '2026-12-31', false, 'company',
                12, 30, {1000 * marker}, 0.4, 0.246, 0.577, 31.5, 220, 200),
            ('quarter', '2026-07-01', '2026-09-30', true, 'company',
                50, 90, 99999, 0.5, 0.4, 0.6, 20, 200, null),
            ('quarter', '2026-10-01', '2026-12-31', false, 'team',
                1, 2, 3, 0.5, 0.1, 0.9, 5, 6, 7),
            ('month', '2026-11-01', '2026-11-30', false, 'company',
                0, 0, null, null, null, null, null, null, 150)
        """,
        """
        create table marts.ops_file as
        select 'generic' as system, 'opportunity' as object, 'opportunity_2026-11-22.csv' as file,
            timestamp '2026-11-22' as extracted_at, repeat('ab', 32) as sha256, 'csv' as format,
            unnest(['loaded', 'repeat']) as outcome, null::varchar as reason, 3010::bigint as rows_delivered,
            3008::bigint as rows_loaded, 2::bigint as rows_quarantined, 3008::bigint as rows_staged,
            3::bigint as rows_duplicate, 5::bigint as rows_set_aside
        """,
        "create table marts.ops_set_aside (system varchar, object varchar, file varchar, row_number bigint, found_in varchar)",
    ]
