"""Assumption: the lead funnel and the pipeline's bridge of the example company are what its raw rows say, counted anew in pandas.

From raw rows to the counts without our models: newest row of each id, the history of stages by day, states at a period's two ends.
If one fails, look at int_lead_deal, int_lead_outcome and fct_lead_funnel, or at int_opportunity_day, int_period_movement and fct_pipeline_bridge.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import pytest
from nights import records

from funnelcast.settings import Settings

pytestmark = pytest.mark.long

TIMEZONE = "America/New_York"
ENDS = {"Closed Won": "won", "Closed Lost": "lost"}
# Of two changes at one instant the later stage is the later one. "Verbal" is the old name of a part of Negotiation (config/sales_process.yml).
STAGES = ("Discovery", "Qualified", "Demo", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
RETIRED = {"Verbal": "Negotiation"}
PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q-DEC", "fiscal_quarter": "Q-JAN"}


@pytest.fixture(scope="module")
def raw(sample: Settings) -> dict[str, pd.DataFrame]:
    """Newest readable row of each id, as delivered: all text."""
    found = {}
    with duckdb.connect(str(sample.build_database), read_only=True) as connection:
        for name in ("lead", "opportunity", "opportunity_history"):
            rows = connection.sql(f"from raw.salesforce__{name} where not _is_superseded").df()
            rows["created"] = _moment(rows.created_date)
            rows = rows[rows.id.notna() & rows.created.notna()]
            found[name] = rows.sort_values(["_extracted_at", "_sequence", "_row"]).drop_duplicates("id", keep="last")
    return found


def test_the_lead_funnel_is_what_the_raw_leads_say(sample: Settings, raw: dict[str, pd.DataFrame]) -> None:
    deals = raw["opportunity"]
    deals = deals[deals.is_deleted != "true"].set_index("id")
    leads = raw["lead"][raw["lead"].is_deleted != "true"].copy()
    # Each of these people is one lead here: who is one in several systems is a unit test's.
    assert leads.email.dropna().str.lower().is_unique
    linked = leads.join(deals[["stage_name", "amount", "created"]].add_prefix("deal_"), on="converted_opportunity_id")
    is_its_own = _day(linked.deal_created) >= _day(linked.created)
    # A deal that several leads name is the first one's.
    is_first = ~linked[is_its_own].sort_values("created").converted_opportunity_id.duplicated()
    linked["has_deal"] = (is_its_own & is_first).reindex(linked.index, fill_value=False)
    linked["is_won"] = linked.has_deal & (linked.deal_stage_name == "Closed Won")
    linked["is_lost"] = linked.has_deal & (linked.deal_stage_name == "Closed Lost")
    linked["won_amount"] = pd.to_numeric(linked.deal_amount).where(linked.is_won)
    waited = (linked.deal_created - linked.created) / pd.Timedelta(days=1)
    linked["days_to_opportunity"] = waited.clip(lower=0).where(linked.has_deal)
    linked["cohort_month"] = _day(linked.created).dt.to_period("M").dt.start_time
    linked["source"] = linked.lead_source.fillna("(none)")

    for dimension in ("company", "source"):
        linked["scope_id"] = "all" if dimension == "company" else linked.source
        expected = linked.groupby(["cohort_month", "scope_id"]).agg(
            leads=("id", "count"), opportunities=("has_deal", "sum"), won=("is_won", "sum"), lost=("is_lost", "sum"),
            won_amount=("won_amount", lambda amounts: amounts.sum(min_count=1)), median_days_to_opportunity=("days_to_opportunity", "median"),
        )  # fmt: skip
        sql = f"""
            select cohort_month::timestamp as cohort_month, scope_id, leads, opportunities, won, lost, won_amount::double as won_amount,
                median_days_to_opportunity
            from fct_lead_funnel where scope = '{dimension}'
        """
        found = pd.DataFrame(records(sample.home, sql)).set_index(["cohort_month", "scope_id"])
        assert len(expected) > 20
        pd.testing.assert_frame_equal(
            found.sort_index().astype("float64"), expected.sort_index().astype("float64"), atol=1e-6, check_index_type=False
        )


@pytest.mark.parametrize("period_type", sorted(PERIODS))
def test_the_bridge_is_what_the_raw_history_says(sample: Settings, raw: dict[str, pd.DataFrame], period_type: str) -> None:
    days = _days(raw)
    expected = _bridge(days, PERIODS[period_type])
    sql = f"""
        select period_start::timestamp as period_start, opening_count, created_count, reopened_count, won_count, lost_count, deleted_count,
            closing_count, opening_amount::double as opening_amount, created_amount::double as created_amount,
            won_amount::double as won_amount, lost_amount::double as lost_amount, closing_amount::double as closing_amount
        from fct_pipeline_bridge where period_type = '{period_type}' and scope = 'company' order by period_start
    """
    found = pd.DataFrame(records(sample.home, sql)).set_index("period_start").astype("float64")
    assert len(found) >= 8
    assert (found.won_count.sum(), found.lost_count.sum(), found.deleted_count.sum()) > (100, 100, 0)
    pd.testing.assert_frame_equal(found, expected[found.columns], atol=0.005, check_freq=False, check_index_type=False)


def _days(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per deal and day that its end finds it changed on: the state (open, won, lost, deleted) and amount it then has."""
    deals = raw["opportunity"].set_index("id")
    told = raw["opportunity_history"].rename(columns={"id": "history_id"})
    told = told[told.opportunity_id.isin(deals.index) & (told.is_deleted != "true")].copy()
    told["place"] = told.stage_name.replace(RETIRED).map(STAGES.index)
    told["amount"] = pd.to_numeric(told.amount).fillna(0.0)
    told["state"] = told.stage_name.map(ENDS).fillna("open")
    deleted = deals[deals.is_deleted == "true"]
    gone = pd.DataFrame(
        {
            "opportunity_id": deleted.index, "created": _moment(deleted.last_modified_date), "place": 99, "amount": 0.0, "state": "deleted"
        }
    )  # fmt: skip
    events = pd.concat([told[["opportunity_id", "created", "place", "amount", "state"]], gone])
    events["day"] = _day(events.created)
    events = events.sort_values(["opportunity_id", "created", "place", "amount"])
    return events.drop_duplicates(["opportunity_id", "day"], keep="last")


def _bridge(days: pd.DataFrame, frequency: str) -> pd.DataFrame:
    """By period, what the states at its beginning and end, and whether it was open in between, make of each deal."""
    days = days.assign(period=days.day.dt.to_period(frequency))
    days["was"] = days.groupby("opportunity_id").state.shift()
    days["had"] = days.groupby("opportunity_id").amount.shift().fillna(0.0)
    days["came_open"] = days.state == "open"
    days["left_open"] = days.was == "open"
    by_period = days.groupby(["opportunity_id", "period"]).agg(
        was=("was", lambda found: found.iloc[0]), had=("had", "first"), state=("state", "last"), amount=("amount", "last"), last_had=("had", "last"),
        left_open=("left_open", "sum"),
    )  # fmt: skip
    by_period = by_period.reset_index()
    was_open, is_open, is_new = by_period.was == "open", by_period.state == "open", by_period.was.isna()
    passed = ~was_open & ((by_period.left_open > 0) | (is_new & by_period.state.isin(["won", "lost"])))
    worth = by_period.amount.where(by_period.state != "deleted", by_period.last_had)
    created = is_new & (is_open | passed)
    reopened = ~is_new & ~was_open & (is_open | passed)
    left = ~is_open & (was_open | passed)
    parts: dict[str, pd.Series[Any]] = {
        "created": created, "reopened": reopened,
        **{end: left & (by_period.state == end) for end in ("won", "lost", "deleted")},
    }  # fmt: skip
    periods = pd.period_range(by_period.period.min(), days.day.max().to_period(frequency), freq=frequency)
    table = pd.DataFrame(index=periods)
    for name, chosen in parts.items():
        table[f"{name}_count"] = chosen.groupby(by_period.period).sum()
        table[f"{name}_amount"] = worth.where(chosen, 0.0).groupby(by_period.period).sum()
    table["net_count"] = (is_open.astype(int) - was_open.astype(int)).groupby(by_period.period).sum()
    table["net_amount"] = (
        (by_period.amount.where(is_open, 0.0) - by_period.had.where(was_open, 0.0)).groupby(by_period.period).sum()
    )
    table = table.fillna(0.0)
    for of in ("count", "amount"):
        table[f"closing_{of}"] = table[f"net_{of}"].cumsum()
        table[f"opening_{of}"] = table[f"closing_{of}"] - table[f"net_{of}"]
    table.index = pd.DatetimeIndex([period.start_time for period in periods], name="period_start")
    return table.astype("float64")


def _moment(text: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")


def _day(moment: pd.Series[Any]) -> pd.Series[Any]:
    day: pd.Series[Any] = moment.dt.tz_convert(TIMEZONE).dt.tz_localize(None).dt.normalize()
    return day
