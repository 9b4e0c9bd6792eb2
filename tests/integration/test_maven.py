"""A whole company that nobody here made: every published number of its deals, funnel, velocity and pipeline counts is
counted once more from the raw CSV files (maven_by_hand.py) and must agree to the last published digit.

Assumption guarded: the definitions of DESIGN.md section 7 are what the dbt models compute, for every period, scope and
segment at once. Broken by: int_stage_entry, fct_stage_funnel, fct_velocity, fct_pipeline_daily, the rate and Shapley macros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import maven_by_hand as by_hand
import pytest
from nights import SHARED_DATA, records, rows

from funnelcast.settings import Settings

FOLDER = SHARED_DATA / "maven_crm"
Row = dict[str, Any]

# How many digits are published; columns not named here are exact.
DIGITS = {
    "fct_opportunity": {"days_in_stage": 6},
    "fct_stage_funnel": dict.fromkeys(
        ("conversion_rate", "conversion_rate_low", "conversion_rate_high", "median_days_to_advance"), 6
    ),
    "fct_velocity": {
        **dict.fromkeys(
            (
                "opportunities", "mean_open", "win_rate", "win_rate_low", "win_rate_high", "win_rate_by_amount",
                "sales_cycle_days", "sales_cycle_days_median", "sales_cycle_days_p90",
            ), 6,
        ),
        "average_deal_size": 2,
        **dict.fromkeys(
            (
                "velocity_per_day", "previous_velocity_per_day", "velocity_change", "contribution_opportunities",
                "contribution_win_rate", "contribution_deal_size", "contribution_sales_cycle",
            ), 4,
        ),
    },
    "fct_pipeline_daily": {},
    "fct_pipeline_bridge": {},
}  # fmt: skip
# The difference of two rounded numbers, and what rounding leaves to the last of the four, may be off by more than half a digit.
SLACK = {"velocity_change": 2.0, "contribution_sales_cycle": 5.0}
KEYS = {
    "fct_opportunity": ("opportunity_id",),
    "fct_stage_funnel": ("cohort_month", "stage", "scope", "scope_id"),
    "fct_velocity": ("period_type", "period_start", "scope", "scope_id"),
    "fct_pipeline_daily": ("date_day", "stage"),
    "fct_pipeline_bridge": ("period_type", "period_start", "scope", "scope_id"),
}
# Nobody here has a pod, and the fiscal year is the calendar's: those rows say again what others say.
COUNTED_ROWS = {
    "fct_stage_funnel": "where scope <> 'pod'",
    "fct_velocity": "where scope <> 'pod' and period_type in ('week', 'month', 'quarter', 'year')",
    "fct_pipeline_bridge": "where scope <> 'pod' and period_type in ('week', 'month', 'quarter')",
}
# Of these not every column is counted: what nobody delivered a history of (amounts of open deals) is told by the gate's sums.
COUNTS_ALONE = {"fct_pipeline_daily", "fct_pipeline_bridge"}
# Counted again by test_funnel_statistics.py and test_process_and_change.py.
COUNTED_ELSEWHERE = {
    "fct_opportunity": {
        "is_stalled", "stalled_threshold_days", "stalled_threshold_visits", "contacts", "is_single_threaded", "next_activity_on",
        "has_no_next_activity", "risk_reasons", "risk_unknown", "win_probability", "likely_win_from", "likely_win_to", "win_reasons",
    },
    "fct_stage_funnel": {
        "eventual_conversion_rate", "eventual_conversion_rate_low", "eventual_conversion_rate_high", "eventual_unresolved",
        "eventual_missing_reason",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def deals() -> list[by_hand.Deal]:
    return by_hand.read_deals(FOLDER)


def test_the_counts_that_everybody_knows(maven: Settings) -> None:
    won, lost, all_of_them = rows(
        maven.home,
        "select count(*) filter (where status = 'won'), count(*) filter (where status = 'lost'), count(*) from fct_opportunity",
    )[0]
    assert (won, lost) == (4_238, 2_473)
    assert round(100 * won / (won + lost), 2) == 63.15
    aside = rows(maven.home, "select count(*) from ops_set_aside where object = 'opportunity'")[0][0]
    assert all_of_them + aside == 8_800


def test_misspelt_products_are_neither_dropped_nor_mended(maven: Settings) -> None:
    """1,480 deals name 'GTXPro', which the product list calls 'GTX Pro': nothing is dropped, nothing silently repaired."""
    found = rows(maven.home, "select count(*) from fct_opportunity where product = 'GTXPro'")
    assert found == [(1_480,)]
    assert rows(maven.home, "select count(*) from fct_opportunity where product is null") == [(0,)]


def test_every_delivered_row_is_accounted_for(maven: Settings) -> None:
    found = rows(maven.home, "select file, rows_delivered, rows_loaded, rows_staged from ops_file order by file")
    assert found == [
        ("accounts.csv", 85, 85, 85),
        ("products.csv", 7, 7, 7),
        ("sales_pipeline.csv", 8_800, 8_800, 8_800),
        ("sales_teams.csv", 35, 35, 35),
    ]


@pytest.mark.parametrize(
    ("table", "counted"),
    [
        ("fct_opportunity", lambda found: by_hand.opportunities(found)),
        ("fct_stage_funnel", lambda found: by_hand.stage_funnel(found)),
        ("fct_velocity", lambda found: by_hand.velocity(found, by_hand.reps(FOLDER))),
        ("fct_pipeline_daily", lambda found: by_hand.pipeline_daily_counts(found)),
        ("fct_pipeline_bridge", lambda found: by_hand.pipeline_bridge_counts(found)),
    ],
)
def test_every_published_number_is_counted_again(
    maven: Settings, deals: list[by_hand.Deal], table: str, counted: Callable[[list[by_hand.Deal]], list[Row]]
) -> None:
    published = _by_key(records(maven.home, f"from marts.{table} {COUNTED_ROWS.get(table, '')}"), KEYS[table])
    expected = _by_key(counted(deals), KEYS[table])
    assert published.keys() == expected.keys()
    compared = next(iter(expected.values())).keys()
    if table not in COUNTS_ALONE:
        every_column = next(iter(published.values())).keys() - COUNTED_ELSEWHERE.get(table, set())
        assert compared == every_column, "every column is counted"
    wrong = [
        (key, column, published[key][column], row[column])
        for key, row in expected.items()
        for column in row
        if not _agrees(published[key][column], row[column], DIGITS[table].get(column), SLACK.get(column, 0.5))
    ]
    assert not wrong, f"{len(wrong)} differ (key, column, published, counted), the first: {wrong[:5]}"


def test_pipeline_amounts_add_up_every_day(maven: Settings) -> None:
    """The bridge closes exactly, for each day and stage, and each day opens where the one before closed."""
    broken = rows(
        maven.home,
        """
        from fct_pipeline_daily
        where opening_amount + created_amount + advanced_in_amount + moved_back_in_amount + reopened_amount + amount_change_amount
            - advanced_out_amount - moved_back_out_amount - won_amount - lost_amount - deleted_amount <> open_amount
        """,
    )
    assert broken == []
    won = rows(maven.home, "select sum(won_amount), sum(won_count) from fct_pipeline_daily")
    assert won == rows(maven.home, "select sum(amount), count(*) from fct_opportunity where status = 'won'")


def test_contributions_add_up_exactly(maven: Settings) -> None:
    broken = rows(
        maven.home,
        """
        from fct_velocity where contribution_opportunities + contribution_win_rate + contribution_deal_size
            + contribution_sales_cycle <> velocity_change or velocity_per_day - previous_velocity_per_day <> velocity_change
        """,
    )
    assert broken == []


def test_c4_a_rep_without_a_deal_is_counted_with_nulls(maven: Settings) -> None:
    """Five of the 35 sales agents own nothing: each has every period, with zero deals and no rate."""
    found = rows(
        maven.home,
        """
        select count(distinct scope_id), max(opportunities), max(closed), count(win_rate), count(win_rate_low), count(win_rate_high)
        from fct_velocity where scope = 'rep' and scope_id not in (select owner_id from fct_opportunity)
        """,
    )
    assert found == [(5, 0, 0, 0, 0, 0)]


def _by_key(found: Sequence[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    keyed = {tuple(row[column] for column in key): row for row in found}
    assert len(keyed) == len(found), f"{key} repeats"
    return keyed


def _agrees(published: Any, exact: Any, digits: int | None, slack: float) -> bool:
    """Equal; or, for numbers that are rounded where they are published, within ``slack`` of their last digit."""
    if published is None or exact is None:
        return published is None and exact is None
    if digits is None or isinstance(exact, date | str | bool):
        return bool(published == exact) and type(published) is type(exact)
    return abs(Decimal(repr(float(exact))) - Decimal(str(published))) <= Decimal(slack) * Decimal(10) ** -digits + Decimal(
        "1e-9"
    )
