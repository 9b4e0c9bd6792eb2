"""Assumption: a hire adds what a rep of their tenure wins, month by month, and nothing before they come.

The expected numbers are worked out by hand: a ramped rep wins 300 a quarter, 100 a month.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from command.cli import app
from funnelcast.errors import UsageError
from publishing.layout import DATABASE
from publishing.plan import Plan, Quarter, UnknownTeam, read_plan, with_hires

RAMP = (0.0, 0.25, 0.5)
QUARTERS = tuple(
    Quarter(start, 1000.0, 300.0, 1200.0)
    for start in (date(2026, 10, 1), date(2027, 1, 1), date(2027, 4, 1), date(2027, 7, 1))
)
PLAN = Plan("the company", "EUR", QUARTERS, RAMP)


def test_hires_ramp_month_by_month_from_the_month_they_come() -> None:
    planned = with_hires(PLAN, 2, date(2027, 2, 1))
    # Before: nothing. Feb and Mar: 0 + 25 each. Apr: 50, May, Jun: 100 each. Then 300 each.
    assert [quarter.from_hires for quarter in planned] == [0, 50, 500, 600]
    assert [quarter.capacity_with_hires for quarter in planned] == [1000, 1050, 1500, 1600]
    assert planned[2].coverage_of_quota == 1.25


def test_what_is_not_known_stays_unknown() -> None:
    planned = with_hires(
        Plan("East", None, (Quarter(date(2027, 1, 1), None, None, None), Quarter(date(2027, 1, 1), 10.0, 30.0, 0.0)), RAMP),
        1,
        date(2027, 1, 1),
    )
    assert planned[0].from_hires is None
    assert planned[0].capacity_with_hires is None
    # No share of a quota of nothing.
    assert planned[1].capacity_with_hires == 17.5
    assert planned[1].coverage_of_quota is None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    release = tmp_path / "releases" / "one"
    release.mkdir(parents=True)
    with duckdb.connect() as connection:
        # A file called marts is a database called marts: tables in it would be ambiguous.
        connection.execute(f"attach '{release / DATABASE}' as told; use told")
        connection.execute(
            """
            create schema marts;
            create table marts.rpt_capacity_plan as
            select period_start, scope, scope_id, 1000::decimal(18, 2) as capacity, 300::decimal(18, 2) as productivity,
                1200::decimal(18, 2) as quota
            from (values (date '2027-04-01'), (date '2027-01-01')) as quarters (period_start)
            cross join (values ('company', 'all'), ('team', 'East')) as scopes (scope, scope_id);
            create table marts.rpt_ramp as select * from (values (1, 0.25), (0, 0.0), (2, 0.5)) as ramp (tenure_month, share_of_ramped);
            create table marts.fct_opportunity as select 'EUR' as currency
            """
        )
    (tmp_path / "published").symlink_to(release)
    return tmp_path


def test_the_plan_is_read_from_what_is_published_and_told_as_json(home: Path) -> None:
    told = CliRunner().invoke(
        app,
        ["plan", "--home", str(home), "--hires", "2", "--start", "2027-02", "--team", "east", "--json"],
        catch_exceptions=False,
    )
    assert told.exit_code == 0
    found = json.loads(told.stdout)
    assert (found["of"], found["currency"], found["hires"]) == ("East", "EUR", 2)
    assert [quarter["from_hires"] for quarter in found["quarters"]] == [50, 500]


def test_the_plan_is_shown_as_a_table(home: Path) -> None:
    told = CliRunner().invoke(app, ["plan", "--home", str(home)], catch_exceptions=False)
    assert told.exit_code == 0
    assert all(word in told.stdout for word in ("2027-01-01", "1,200", "83%"))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--hires", "2"), "--hires needs --start"),
        (("--start", "2027-01"), "--start needs --hires"),
        (("--hires", "2", "--start", "2027-13"), "expected a month such as 2027-01"),
        (("--hires", "2", "--start", "2027-01-15"), "expected a month such as 2027-01"),
        (("--hires", "2", "--start", "2026-12"), "the plan is of 2027-01 to 2027-06; who came earlier is in it"),
        (("--hires", "2", "--start", "2027-07"), "the plan is of 2027-01 to 2027-06; who came earlier is in it"),
        (("--team", "North"), "no such team; expected one of East"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_a_sentence(home: Path, flags: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["plan", "--home", str(home), *flags])
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert str(result.exception).endswith(".")
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize("hires", ["-1", "two"])
def test_hires_are_a_number_of_people(home: Path, hires: str) -> None:
    result = CliRunner().invoke(app, ["plan", "--home", str(home), "--hires", hires, "--start", "2027-01"])
    assert result.exit_code == 2
    assert "--hires" in result.output


def test_the_last_month_of_a_plan_may_lie_in_the_next_year() -> None:
    fiscal = Plan("the company", None, (Quarter(date(2026, 11, 1), 900.0, 300.0, None),), RAMP)
    assert with_hires(fiscal, 1, date(2027, 1, 1))[0].capacity_with_hires == 900
    with pytest.raises(UsageError, match="2026-11 to 2027-01"):
        with_hires(fiscal, 1, date(2027, 2, 1))


def test_without_anything_published_it_is_said_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "--home", str(tmp_path)])
    assert "run `funnelcast run" in str(result.exception)


def test_an_unknown_team_names_those_that_are(home: Path) -> None:
    with pytest.raises(UnknownTeam, match="expected one of East"):
        read_plan(home, "North")
