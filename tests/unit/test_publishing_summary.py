"""Assumes: what a person reads at the end of a run is true, complete and short enough for a terminal.

Guards publishing/summary.py and publishing/headline.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publishing.headline import Headline, Missing, Outlook, Period, _missing, read_headline
from publishing.summary import WIDTH, render_published, render_refused
from quality.verdict import CheckResult, Verdict, decide

QUARTER = Period(date(2026, 10, 1), True, 12, 30, 45_000.0, 0.4, 0.246, 0.577, 31.5, 220.0, 200.0)
MONTH = replace(
    QUARTER, period_start=date(2026, 11, 1), is_over=False, won=2, velocity_per_day=90.0, previous_velocity_per_day=100.0
)
HEADLINE = Headline(1_234, 3, 5_678_900.4, MONTH, QUARTER)
NOTHING_WON = Period(date(2026, 10, 1), False, 0, 0, None, None, None, None, None, None, None)
CHECK = CheckResult(
    check="every_stage_is_known",
    table="marts.fct_opportunity",
    group="opportunities",
    severity="refuse",
    status="failed",
    unexpected_rows=1_234,
    total_rows=50_000,
    examples=("generic 006A1, stage Negotiation", "generic 006A2"),
    description="Every stage that the CRM sent is known.",
    advice="Map the stage under `stages` in config/sales_process.yml, or deliver the CRM's own stage table.",
)
WARNING: dict[str, Any] = {
    "check": "amounts_are_plausible",
    "table": "marts.fct_opportunity",
    "group": "opportunities",
    "severity": "warn",
    "status": "failed",
    "unexpected_rows": 2,
    "total_rows": None,
    "examples": ["generic 006A9"],
    "description": "",
    "advice": "",
    "error": None,
}
CERTIFICATE: dict[str, Any] = {
    "as_of": "2026-11-22",
    "reporting_currency": "EUR",
    "run": {
        "files_read": 20,
        "rows_read": 123_456,
        "rows_set_aside": 7,
        "rows_quarantined": 0,
        "checks_passed": 40,
        "checks_failed": 1,
    },
    "checks": [WARNING, {**WARNING, "check": "green", "status": "passed"}],
}
HOME = Path("data")


def test_the_summary_says_what_was_done_and_what_it_shows() -> None:
    text = " ".join(render_published(CERTIFICATE, HEADLINE, HOME).split())
    for said in (
        "as of 2026-11-22",
        "123,456 rows from 20 files; 7 set aside, none quarantined",
        "40 passed, 1 warning",
        "! amounts_are_plausible on marts.fct_opportunity: 2 rows, for example generic 006A9",
        "1,234 deals, 5,678,900 EUR (3 without an amount)",
        "12 deals this quarter (since 2026-10-01), 45,000 EUR",
        "40% this quarter (12 of 30 closed; 95% between 25% and 58%)",
        "31.5 days",
        "220 EUR a day this quarter, 20 (10%) more than in the quarter before",
        "90 EUR a day this month so far, 10 (10%) less than in the same days of the month before",
        "data/published/funnelcast.duckdb",
        "data/published/certificate.json",
        'funnelcast.open("data")',
    ):
        assert said in text
    assert "green" not in text
    assert "None" not in text


@pytest.mark.parametrize(
    ("headline", "said"),
    [
        (Headline(0, 0, 0.0, None, None), "no deal is open"),
        (Headline(0, 0, 0.0, None, None), "no deal was won this quarter yet"),
        (
            Headline(1, 0, 0.0, None, NOTHING_WON),
            "Win rate          not known: no deal closed this quarter yet",
        ),
        (
            Headline(1, 0, 0.0, None, NOTHING_WON),
            "Sales cycle       not known: no deal was won this quarter yet",
        ),
        (
            Headline(1, 0, 0.0, NOTHING_WON, NOTHING_WON),
            "not known for this month: no deal was won this month yet",
        ),
        (
            Headline(1, 0, 0.0, None, replace(NOTHING_WON, won=3, closed=3, win_rate=1.0)),
            "3 deals this quarter",
        ),
        (
            Headline(1, 0, 0.0, None, replace(NOTHING_WON, won=3, closed=3, win_rate=1.0)),
            "none with an amount",
        ),
        (
            Headline(1, 0, 0.0, None, replace(NOTHING_WON, won=1)),
            "not known when the deals won this quarter were created",
        ),
        (Headline(1, 0, 0.0, None, replace(NOTHING_WON, won=1)), "the deals won this quarter lack an amount"),
        (
            Headline(1, 0, 0.0, MONTH, replace(QUARTER, previous_velocity_per_day=None)),
            "not known for the quarter before",
        ),
        (
            Headline(1, 0, 0.0, MONTH, replace(QUARTER, previous_velocity_per_day=0.0)),
            "220 more than in the quarter before",
        ),
        (
            Headline(1, 0, 0.0, MONTH, replace(QUARTER, previous_velocity_per_day=220.0)),
            "as in the quarter before",
        ),
    ],
)
def test_a_number_that_is_not_known_says_why(headline: Headline, said: str) -> None:
    text = render_published({**CERTIFICATE, "reporting_currency": None}, headline, HOME)
    assert said in text
    assert "None" not in text
    assert "nan" not in text


def test_a_refusal_says_which_check_how_many_rows_which_one_and_what_to_do() -> None:
    passed = replace(CHECK, check="fine", status="passed")
    warned = replace(CHECK, check="odd", severity="warn")
    text = render_refused(_verdict(passed, CHECK, warned), HOME)
    assert text.startswith("The gate refused: 1 check failed. Nothing was published;")
    flat = " ".join(text.split())
    assert (
        "every_stage_is_known on marts.fct_opportunity: 1,234 of 50,000 rows, for example generic 006A1,"
        " stage Negotiation What to do: Map the stage" in flat
    )
    assert "fine" not in text
    assert "odd" not in text


def test_a_gate_that_could_not_finish_is_not_a_refusal_of_the_data() -> None:
    broken = replace(CHECK, status="errored", unexpected_rows=None, total_rows=None, examples=(), error="KeyError: 'x'\nat")
    text = render_refused(_verdict(CHECK, broken), HOME)
    assert text.startswith("The gate could not finish: 1 of 2 checks could not be run.")
    assert "every_stage_is_known on marts.fct_opportunity: could not be run (KeyError: 'x')" in text


def test_lines_fit_a_terminal() -> None:
    long = replace(
        CHECK,
        check="a_check_whose_name_is_as_long_as_names_of_checks_tend_to_become",
        examples=("x y " * 40,),
    )
    for text in (render_refused(_verdict(CHECK, long), HOME), render_published(CERTIFICATE, HEADLINE, HOME)):
        assert max(map(len, text.splitlines())) <= WIDTH == 100


PUBLISHED = """
create table fct_opportunity as
    select * from (values ('open', 100.5), ('open', null), ('won', 7), ('lost', 9)) as made(status, amount);
create table fct_velocity as
    select *, period_start < date '2026-10-01' as is_complete, 0.4 as win_rate, 0.1 as win_rate_low,
        null as win_rate_high, 30 as sales_cycle_days_median,
        5.5 as velocity_per_day, null as previous_velocity_per_day
    from (values
        ('quarter', date '2026-10-01', date '2026-12-31', 'company', 3, 9, 1000.0),
        ('quarter', date '2026-07-01', date '2026-09-30', 'company', 4, 9, 2000.0),
        ('quarter', date '2026-10-01', date '2026-12-31', 'team', 1, 9, 3000.0),
        ('year', date '2026-01-01', date '2026-12-31', 'company', 5, 9, 4000.0)
    ) as made(period_type, period_start, period_end, scope, won, closed, won_amount);
"""


def test_the_numbers_are_those_of_the_whole_company_in_the_period_of_the_day() -> None:
    with duckdb.connect() as connection:
        connection.execute(PUBLISHED)
        found = read_headline(connection, date(2026, 10, 1))
        assert (found.open_count, found.open_without_amount, found.open_amount) == (2, 1, 100.5)
        assert found.quarter == Period(date(2026, 10, 1), False, 3, 9, 1000.0, 0.4, 0.1, None, 30.0, 5.5, None)
        assert found.month is None
        before = read_headline(connection, date(2026, 9, 30)).quarter
        assert before is not None
        assert (before.won, before.is_over) == (4, True)
        assert read_headline(connection, date(2027, 1, 1)).quarter is None


def _verdict(*checks: CheckResult) -> Verdict:
    return Verdict("run-1", decide(checks), checks, {}, "2026-11-23T02:00:00+00:00")


def test_the_summary_says_what_cannot_be_told_and_which_extract_would_help() -> None:
    missing = tuple(Missing("generic", f"measure {number}", "no history", f"object {number}") for number in range(3))
    text = " ".join(render_published(CERTIFICATE, replace(HEADLINE, missing=missing), HOME).split())
    assert "Not available measure 0 (no history; deliver object 0); measure 1 (no history; deliver object 1)" in text
    assert "and 1 more in ops_coverage" in text
    assert "Not available" not in render_published(CERTIFICATE, HEADLINE, HOME)


def test_what_is_missing_is_read_once_per_subject() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table ops_coverage as from (values
                ('generic', 'pushes', false, 'no dates', 'stage_history', 'close_date_history'),
                ('generic', 'pushed', false, 'no dates', 'stage_history', 'close_date_history'),
                ('generic', 'won', true, 'since then', null, 'deals')
            ) as coverage (source_system, measure, is_answerable, reason, extract_that_helps, subject)
            """
        )
        assert _missing(connection) == (Missing("generic", "pushed", "no dates", "stage_history"),)


FISCAL = """
insert into fct_velocity by name from (values
    ('fiscal_year', date '2026-02-01', date '2027-01-31', 'company', 9, 30, 9000.0),
    ('fiscal_quarter', date '2026-11-01', date '2027-01-31', 'company', 2, 5, 164.0)
) as made(period_type, period_start, period_end, scope, won, closed, won_amount);
create table fct_forecast as from (values
    ('quarter', date '2026-10-01', true, 646.0, 5000.0, 4000.0, 6000.0, 7000.0, 0.9, 2000.0),
    ('fiscal_quarter', date '2026-11-01', true, 164.0, 868.0, 659.0, 1095.0, 1357.0, 0.01, 489.0),
    ('fiscal_quarter', date '2027-02-01', true, 0.0, 1187.0, 870.0, 1528.0, null, null, null)
) as made(period_type, period_start, is_latest, won_so_far, mean, p10, p90, quota, probability_of_quota, gap);
alter table fct_forecast add column scope varchar default 'company';
create table fct_forecast_accuracy as select 'company' as scope, 'funnelcast' as method, * from (values
    ('month', 50.0, 100.0, true), ('month', 50.0, 100.0, true),
    ('fiscal_quarter', 10.0, 100.0, true), ('fiscal_quarter', 30.0, 100.0, false)
) as made(period_type, absolute_error, actual, is_within_p10_p90);
"""


def test_a_company_with_a_fiscal_year_reads_of_its_fiscal_quarter_alone() -> None:
    """What was won beside a quota, and the record beside a forecast, are of one quarter and of such quarters."""
    with duckdb.connect() as connection:
        connection.execute(PUBLISHED + FISCAL)
        found = read_headline(connection, date(2026, 11, 22))
    assert found.is_fiscal
    assert found.quarter is not None
    assert (found.quarter.period_start, found.quarter.won_amount) == (date(2026, 11, 1), 164.0)
    # Of two fiscal quarters 40 of 200 were missed, and one outcome of two was held.
    assert found.outlook == Outlook(date(2026, 11, 1), 164.0, 868.0, 659.0, 1095.0, 1357.0, 0.01, 489.0, 2, 0.2, 0.5)
    text = " ".join(render_published(CERTIFICATE, found, HOME).split())
    assert (
        "Forecast fiscal quarter from 2026-11-01: 164 EUR won so far, 868 forecast (80% between 659 and 1,095),"
        " quota 1,357 (1% chance), gap 489" in text
    )
    assert "its record: over 2 fiscal quarters it missed 20% of what was won, and its interval held 50%" in text
    assert "2 deals this fiscal quarter (since 2026-11-01), 164 EUR" in text
    assert "this quarter" not in text


def test_a_company_with_a_calendar_year_reads_of_its_quarter() -> None:
    with duckdb.connect() as connection:
        connection.execute(PUBLISHED + FISCAL)
        connection.execute("delete from fct_velocity where period_type like 'fiscal%'")
        found = read_headline(connection, date(2026, 11, 22))
    assert not found.is_fiscal
    assert found.outlook is not None
    assert (found.outlook.period_start, found.outlook.replays) == (date(2026, 10, 1), 0)
    text = " ".join(render_published(CERTIFICATE, found, HOME).split())
    assert "quarter from 2026-10-01: 646 EUR won so far, 5,000 forecast" in text
    assert "its record on quarters: none yet, so do not rely on it" in text
