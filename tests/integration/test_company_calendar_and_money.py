"""A company in New York, with a fiscal year that begins in February, deals in three currencies, and nightly changes only.

Assumption guarded: days, weeks, months and quarters are the company's, money is the reporting currency's, and a deal that
is not among tonight's changes is not gone. Broken by: the day macros, dim_date, int_opportunity_amount, int_opportunity_absence.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from nights import night, records, rows

from funnelcast.settings import Settings

pytestmark = pytest.mark.long

CONFIG = """
company: {timezone: America/New_York, currency: USD, fiscal_year_start_month: 2, week_starts_on: sunday}
objects:
  opportunity: {delivery: delta}
"""
# New York leaves daylight saving time on 1 November 2026 at 2 o'clock, 06:00 UTC.
FIRST_CHANGES = """\
opportunity_id,stage,created_at,closed_at,owner_id,amount,currency
N1,prospecting,2026-11-01T02:30:00Z,,u1,500,USD
N2,won,2026-09-01T12:00:00Z,2026-10-30T12:00:00Z,u1,1500000,JPY
N3,won,2026-10-01,2026-10-30T12:00:00Z,u1,10000,USD
N4,engagement,2026-11-01T04:00:00Z,,u1,100,EUR
"""
SECOND_CHANGES = """\
opportunity_id,stage,created_at,closed_at,owner_id,amount,currency
N1,qualification,2026-11-01T02:30:00Z,,u1,500,USD
"""
RATES = """\
currency,date,rate
JPY,2026-10-29,0.0065
JPY,2026-11-02,0.0070
EUR,2026-10-30,1.10
EUR,2026-11-03,1.20
"""


@pytest.fixture(scope="module")
def new_york(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("new_york")
    config = folder / "sales_process.yml"
    config.write_text(CONFIG, encoding="utf-8")
    for name, text in {
        "opportunity/opportunity_2026-11-02.csv": FIRST_CHANGES,
        "opportunity/opportunity_2026-11-04.csv": SECOND_CHANGES,
        "fx_rate/rates_2026-11-04.csv": RATES,
        "user/user_2026-11-02.csv": "user_id,name,team\nu1,Ada,Day shift\n",
        "user/user_2026-11-04.csv": "user_id,name,team\nu1,Ada,Night shift\n",
    }.items():
        path = folder / "landing" / "generic" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return night(folder / "home", folder / "landing", config)


def test_c12_half_past_ten_on_halloween_in_new_york_is_october(new_york: Settings) -> None:
    found = rows(new_york.home, "select opportunity_id, created_at, created_on, closed_on from fct_opportunity order by 1")
    assert found == [
        # 22:30 on 31 October, although UTC says 1 November
        ("N1", datetime(2026, 11, 1, 2, 30), date(2026, 10, 31), None),
        ("N2", datetime(2026, 9, 1, 12), date(2026, 9, 1), date(2026, 10, 30)),
        # a date alone is that day's first moment in New York
        ("N3", datetime(2026, 10, 1, 4), date(2026, 10, 1), date(2026, 10, 30)),
        # midnight itself is the next day
        ("N4", datetime(2026, 11, 1, 4), date(2026, 11, 1), None),
    ]
    cohorts = rows(
        new_york.home,
        "select cohort_month, entered from fct_stage_funnel where stage = 'prospecting' and scope = 'company' order by 1",
    )
    assert cohorts == [(date(2026, 9, 1), 1), (date(2026, 10, 1), 2), (date(2026, 11, 1), 1)]


def test_ages_count_calendar_days_across_the_change_of_the_clock(new_york: Settings) -> None:
    """From 31 October to 4 November are 4 days, although they hold 97 hours; T is midnight in New York, 05:00 UTC."""
    found = rows(
        new_york.home, "select age_days, stage_entered_at, days_in_stage from fct_opportunity where opportunity_id = 'N1'"
    )
    assert found == [(4, datetime(2026, 11, 4, 5), 1.0)]


def test_a_delta_says_nothing_of_deals_that_did_not_change(new_york: Settings) -> None:
    found = rows(new_york.home, "select opportunity_id, status, stage from fct_opportunity order by 1")
    assert found == [
        ("N1", "open", "qualification"),
        ("N2", "won", "won"),
        ("N3", "won", "won"),
        ("N4", "open", "engagement"),
    ]


def test_c8_yen_are_not_added_to_dollars(new_york: Settings) -> None:
    """10,000 USD and 1,500,000 JPY: the rate of the day it was won, or the last known before; open deals: of T."""
    found = rows(new_york.home, "select opportunity_id, amount_original, currency, amount from fct_opportunity order by 1")
    assert found == [
        ("N1", Decimal("500.00"), "USD", Decimal("500.00")),
        # 0.0065 of 29 October, not 0.0070 of later
        ("N2", Decimal("1500000.00"), "JPY", Decimal("9750.00")),
        ("N3", Decimal("10000.00"), "USD", Decimal("10000.00")),
        ("N4", Decimal("100.00"), "EUR", Decimal("120.00")),
    ]
    won = rows(
        new_york.home,
        "select won, won_amount from fct_velocity where scope = 'company' and period_type = 'month' and period_start = '2026-10-01'",
    )
    assert won == [(2, Decimal("19750.00"))]


def test_c11_october_is_in_the_third_fiscal_quarter_of_a_year_that_begins_in_february(new_york: Settings) -> None:
    found = records(
        new_york.home,
        """
        select fiscal_year, fiscal_quarter, fiscal_quarter_start, quarter_start from dim_date
        where date_day = (select closed_on from fct_opportunity where opportunity_id = 'N3')
        """,
    )
    assert found == [
        {
            "fiscal_year": 2027,
            "fiscal_quarter": 3,
            "fiscal_quarter_start": date(2026, 8, 1),
            "quarter_start": date(2026, 10, 1),
        }
    ]


def test_weeks_begin_on_the_companys_first_day(new_york: Settings) -> None:
    """1 November 2026 is a Sunday."""
    found = rows(
        new_york.home,
        "select date_day, day_of_week, week_start from dim_date where date_day between '2026-10-31' and '2026-11-02'",
    )
    assert sorted(found) == [
        (date(2026, 10, 31), 7, date(2026, 10, 25)),
        (date(2026, 11, 1), 1, date(2026, 11, 1)),
        (date(2026, 11, 2), 2, date(2026, 11, 1)),
    ]
    weeks = rows(new_york.home, "select distinct dayname(period_start) from fct_velocity where period_type = 'week'")
    assert weeks == [("Sunday",)]


def test_a_closed_deal_keeps_the_team_of_the_day_it_closed(new_york: Settings) -> None:
    found = rows(new_york.home, "select opportunity_id, team from fct_opportunity order by 1")
    assert found == [("N1", "Night shift"), ("N2", "Day shift"), ("N3", "Day shift"), ("N4", "Night shift")]
