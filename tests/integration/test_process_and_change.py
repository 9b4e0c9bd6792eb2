"""Hand-offs, credit, the limiting stage, risks, tiers and changes of the example company, counted again in pandas and other libraries.

Assumption guarded: what the SQL of these tables says of thousands of deals is what their definitions say. Every expected number here comes
from published base tables (tested elsewhere against the simulator's truth), from the delivered files or from statsmodels and SciPy;
none from the tables under test.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from nights import PROJECT, rows
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from funnelcast.settings import Settings
from publishing.reader import open_published

pytestmark = pytest.mark.long

LANDING = PROJECT / "sample" / "landing"
T = pd.Timestamp("2026-11-23 05:00:00")
OPEN = ["discovery", "qualified", "demo", "proposal", "negotiation"]
Z = 1.959963984540054


def frame(settings: Settings, sql: str) -> pd.DataFrame:
    with open_published(settings.home) as connection:
        found: pd.DataFrame = connection.sql(sql).df()
    return found


@pytest.fixture(scope="module")
def opportunities(sample: Settings) -> pd.DataFrame:
    return frame(sample, "from fct_opportunity")


@pytest.fixture(scope="module")
def visits(sample: Settings) -> pd.DataFrame:
    """Stays of deals that are not deleted in open stages."""
    return frame(
        sample,
        "select visit.*, opportunity.status from fct_stage_visit as visit join fct_opportunity as opportunity using (opportunity_id)"
        " where opportunity.status <> 'deleted'",
    )


@pytest.fixture(scope="module")
def changes(sample: Settings) -> pd.DataFrame:
    return frame(sample, "from rpt_metric_change")


# Hand-offs and credit


def test_hand_offs_at_conversion_are_those_whose_lead_has_another_owner(
    sample: Settings, opportunities: pd.DataFrame
) -> None:
    """Whose a deal is, only the extracts tell: of a conversion on a day without one that shows the deal, nobody knows to whom it went."""
    leads = frame(sample, "select lead_id, owner_id as giver from dim_lead").dropna()
    known = opportunities[opportunities.status != "deleted"].merge(leads, on="lead_id")
    handoffs = frame(sample, "select * from fct_handoff")
    at_conversion = handoffs[handoffs.kind == "conversion"].set_index("opportunity_id")
    # A deal whose owner changed later was not that owner's at conversion.
    single = known[~known.opportunity_id.isin(handoffs[handoffs.kind == "owner"].opportunity_id)]
    extract_days = [
        path.name.removeprefix("opportunity_")[:10] for path in (LANDING / "salesforce" / "opportunity").iterdir()
    ]
    is_shown = single.created_on.astype(str).isin(extract_days)
    expected = single[is_shown & (single.giver != single.owner_id)].set_index("opportunity_id")
    unknown = single[~is_shown].set_index("opportunity_id")
    found = at_conversion[~at_conversion.index.isin(handoffs[handoffs.kind == "owner"].opportunity_id)]
    told, untold = found[found.evidence == "conversion"], found[found.evidence == "unknown"]
    assert len(expected) > 20
    assert len(unknown) > 2000
    assert told.from_rep_id.sort_index().to_dict() == expected.giver.sort_index().to_dict()
    assert told.to_rep_id.sort_index().to_dict() == expected.owner_id.sort_index().to_dict()
    assert set(told[["from_role", "to_role"]].itertuples(index=False, name=None)) == {("sdr", "ae")}
    assert untold.from_rep_id.sort_index().to_dict() == unknown.giver.sort_index().to_dict()
    assert untold[["to_rep_id", "to_role", "first_touch_at", "wait_hours"]].isna().all(axis=None)


def test_the_wait_ends_with_the_first_task_or_meeting_of_the_new_owner(sample: Settings) -> None:
    """From the delivered task and event files: whatever the new owner did on the deal or its lead, from the hand-off on."""
    handoffs = frame(
        sample,
        "select handoff.*, opportunity.lead_id, opportunity.closed_at from fct_handoff as handoff"
        " join fct_opportunity as opportunity using (opportunity_id) where handoff_number = 1 and kind = 'conversion' and handoff.evidence = 'conversion'",
    )
    several = frame(sample, "select opportunity_id from fct_handoff group by 1 having count(*) > 1").opportunity_id
    handoffs = handoffs[~handoffs.opportunity_id.isin(several)]
    done = pd.concat([_delivered("task"), _delivered("event")])
    by_deal = done[["rep", "at", "deal"]].dropna().rename(columns={"deal": "about"})
    by_lead = done[["rep", "at", "person"]].dropna().rename(columns={"person": "about"})
    touches = pd.concat([by_deal, by_lead])
    about = pd.concat([handoffs.assign(about=handoffs.opportunity_id), handoffs.assign(about=handoffs.lead_id)]).merge(
        touches, left_on=["about", "to_rep_id"], right_on=["about", "rep"]
    )
    until = about.closed_at.fillna(T)
    first = about[(about["at"] >= about.handed_at) & (about["at"] < until)].groupby("opportunity_id")["at"].min()
    found = handoffs.set_index("opportunity_id").first_touch_at
    # Rows with ids of 15 characters are the same record to us, not to this count: a handful.
    same = found.to_frame("found").join(first.rename("expected"))
    differs = same[~((same.found == same.expected) | (same.found.isna() & same.expected.isna()))]
    assert same.found.notna().sum() > 20
    assert len(differs) <= 1


def _delivered(name: str) -> pd.DataFrame:
    """The newest row of each task or event, and when it was done."""
    newest: dict[str, dict[str, Any]] = {}
    for path in sorted((LANDING / "salesforce" / name).glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                newest[row["Id"]] = row
    table = pd.DataFrame(newest.values())
    if name == "task":
        table = table[table.IsClosed.astype(str).str.lower() == "true"]
        when = table.CompletedDateTime
    else:
        when = table.StartDateTime
    at = pd.to_datetime(when, utc=True, format="ISO8601").dt.tz_localize(None)
    about = pd.DataFrame({"rep": table.OwnerId, "at": at, "deal": table.WhatId, "person": table.WhoId})
    return about[about["at"] < T]


def test_credit_is_the_leads_owner_the_workers_and_the_closers(sample: Settings, opportunities: pd.DataFrame) -> None:
    leads = frame(sample, "select lead_id, owner_id as finder from dim_lead")
    won = opportunities[opportunities.status == "won"].merge(leads, on="lead_id", how="left")
    credit = frame(sample, "from fct_won_credit")
    assert set(credit.opportunity_id) == set(won.opportunity_id)
    changed = frame(sample, "select distinct opportunity_id from fct_handoff where kind = 'owner'").opportunity_id
    single = won[~won.opportunity_id.isin(changed)]
    sourced = credit[credit.part == "sourced"].set_index("opportunity_id").rep_id
    expected = single.set_index("opportunity_id").finder.fillna(single.set_index("opportunity_id").owner_id)
    assert sourced[expected.index].to_dict() == expected.to_dict()
    for part in ("worked", "closed"):
        people = credit[credit.part == part].set_index("opportunity_id").rep_id
        assert people[single.opportunity_id].to_dict() == single.set_index("opportunity_id").owner_id.to_dict()
    assert set(credit.groupby("opportunity_id").share.sum().round(9)) == {1.0}
    total = rows(
        sample.home,
        "select sum(amount), (select sum(credited_amount) from fct_won_credit) from fct_opportunity where status = 'won'",
    )
    assert total[0][0] == total[0][1]


# The flow through stages


def test_the_flow_of_each_quarter_is_that_of_its_visits(sample: Settings, visits: pd.DataFrame) -> None:
    """Counts, ages, expected stay with its interval, and which stage limits the flow: all again, from the visits."""
    flow = frame(sample, "from rpt_bottleneck where scope = 'company' and period_type = 'quarter'")
    stays = visits[visits.stage.isin(OPEN)]
    assert len(flow) > 40
    for period, group in flow.groupby("period_start"):
        start, end = _moment(period), min(_moment(period + pd.DateOffset(months=3)), T)
        told = group.set_index("stage")
        estimates = {}
        for stage in OPEN:
            mine = stays[stays.stage == stage]
            exited = mine.exited_at.fillna(pd.Timestamp("2100-01-01"))
            left = mine[(exited >= start) & (exited < end)]
            there = mine[(mine.entered_at < end) & (exited >= end)]
            came = ((mine.entered_at >= start) & (mine.entered_at < end)).sum()
            row = told.loc[stage]
            assert (row.arrivals, row.departures, row.wip) == (came, len(left), len(there))
            if len(there):
                ages = (end - there.entered_at).dt.total_seconds() / 86400
                assert row.median_age_days == pytest.approx(ages.median(), abs=0.001)
                assert row.p90_age_days == pytest.approx(ages.quantile(0.9), abs=0.001)
            inside = np.concatenate([_days(left.entered_at, start, left.exited_at), _days(there.entered_at, start, end)])
            ended = np.concatenate([np.ones(len(left)), np.zeros(len(there))])
            stay = inside.sum() / max(ended.sum(), 1)
            error = np.sqrt(((inside - stay * ended) ** 2).sum()) / inside.sum()
            estimates[stage] = (stay, max(error, 1 / np.sqrt(max(len(left), 1)) if len(left) < 10 else 0), len(inside))
            assert row.residence_days == pytest.approx(stay, rel=1e-3)
            assert row.residence_days_high == pytest.approx(stay * np.exp(Z * estimates[stage][1]), rel=2e-3)
        limiting = {
            stage
            for stage, (stay, error, seen) in estimates.items()
            if seen >= 20
            and all(
                np.log(stay / other) > Z * np.hypot(error, other_error)
                for name, (other, other_error, _) in estimates.items()
                if name != stage
            )
        }
        assert set(told[told.is_limiting == True].index) == limiting  # noqa: E712


def _moment(day: pd.Timestamp) -> pd.Timestamp:
    """The day's first moment in New York, in UTC."""
    return pd.Timestamp(day).tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)


def _days(entered: pd.Series, start: pd.Timestamp, until: Any) -> np.ndarray:
    return ((until - entered.clip(lower=start)).dt.total_seconds() / 86400).to_numpy()


# Risks


def test_stalled_is_older_than_four_fifths_of_those_that_won(opportunities: pd.DataFrame, visits: pd.DataFrame) -> None:
    of_winners = visits[(visits.status == "won") & visits.stage.isin(OPEN) & visits.exited_at.notna()]
    days = (of_winners.exited_at - of_winners.entered_at).dt.total_seconds() / 86400
    threshold = days.groupby(of_winners.stage).quantile(0.8)
    still = opportunities[opportunities.status == "open"]
    assert still.stalled_threshold_days.to_numpy() == pytest.approx(threshold[still.stage].to_numpy(), abs=1e-5)
    age = (T - still.stage_entered_at).dt.total_seconds() / 86400
    assert still.is_stalled.tolist() == (age.to_numpy() > threshold[still.stage].to_numpy()).tolist()
    assert still.is_stalled.astype(bool).sum() > 20
    assert opportunities[opportunities.status != "open"].is_stalled.isna().all()


def test_a_deal_without_a_planned_activity_is_said_to_have_none(opportunities: pd.DataFrame) -> None:
    planned = set()
    for name, due in (("task", "ActivityDate"), ("event", "StartDateTime")):
        newest: dict[str, dict[str, Any]] = {}
        for path in sorted((LANDING / "salesforce" / name).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                newest.update((row["Id"], row) for row in map(json.loads, lines))
        planned |= {
            row["WhatId"]
            for row in newest.values()
            if str(row.get(due) or "")[:10] > "2026-11-22"
            and str(row.get("IsClosed", False)).lower() != "true"
            and str(row.get("IsDeleted", False)).lower() != "true"
            and row.get("WhatId")
        }
    still = opportunities[opportunities.status == "open"]
    assert still.has_no_next_activity.astype(bool).tolist() == [deal not in planned for deal in still.opportunity_id]
    assert len(planned) > 5


# Tiers


def test_scores_follow_the_rules_of_the_config(sample: Settings) -> None:
    """The rules of config/sales_process.yml, written out again."""
    leads = frame(
        sample,
        "select lead.*, coalesce(lead.employees, account.employees) as size, coalesce(lead.industry, account.industry) as trade,"
        " coalesce(lead.country, account.country) as land from dim_lead as lead left join dim_account as account using (account_id)",
    )
    leads["size"] = leads["size"].astype("float64")
    fit = (
        leads["size"].between(8, 99) * 20
        + leads["size"].between(100, 999) * 30
        + (leads["size"] >= 1000) * 25
        + leads.trade.isin(["Software", "Professional Services", "Financial Services"]) * 20
        + leads.land.isin(["United States", "Canada", "United Kingdom", "Germany"]) * 15
    )
    assert leads.fit_score.tolist() == fit.tolist()
    assert leads.fit_tier.tolist() == ["a" if points >= 50 else "b" if points >= 35 else "c" for points in fit]
    title = leads.title.fillna("")
    points = (
        leads.source.map(
            {"Referral": 40, "Partner": 40, "Website": 30, "Free Trial": 30, "Trade Show": 15, "Webinar": 15}
        ).fillna(0)
        + title.str.contains("Chief|VP|Director", case=False) * 20
        + title.str.contains("Manager", case=False) * 10
    )
    assert leads.qualification_score.fillna(0).tolist() == points.tolist()


def test_a_tiers_rates_and_lift_are_statsmodels(sample: Settings) -> None:
    tiers = frame(sample, "from rpt_qualification_tier where subject = 'lead' order by score, tier_order")
    for _, group in tiers.groupby("score"):
        for this, following in zip(group.itertuples(), [*list(group.itertuples())[1:], None], strict=True):
            low, high = proportion_confint(this.won, this.subjects, method="wilson")
            assert (this.won_rate_low, this.won_rate_high) == pytest.approx((low, high), abs=2e-6)
            assert this.lift == pytest.approx(
                (this.won / this.subjects) / (group.won.sum() / group.subjects.sum()), abs=2e-6
            )
            if following is not None:
                low, high = confint_proportions_2indep(
                    this.won, this.subjects, following.won, following.subjects, method="newcomb", compare="diff"
                )
                assert (this.difference_to_next_tier_low, this.difference_to_next_tier_high) == pytest.approx(
                    (low, high), abs=3e-6
                )


def test_the_interval_of_lift_covers_as_often_as_it_says() -> None:
    """The delta method's formula of rpt_qualification_tier on 4,000 draws of tiers with known rates."""
    generator = np.random.default_rng(20261123)
    sizes, rates = np.array([300, 900]), np.array([0.12, 0.06])
    truth = rates[0] / ((sizes * rates).sum() / sizes.sum())
    held = 0
    for _ in range(4000):
        won, lost_out = generator.binomial(sizes, rates)
        p, rest, total = won / 300, lost_out / 900, won + lost_out
        variance = (1 - p) / won + (won * (1 - p) + lost_out * (1 - rest)) / total**2 - 2 * (1 - p) / total
        lift, margin = p / (total / 1200), Z * np.sqrt(variance)
        held += lift * np.exp(-margin) <= truth <= lift * np.exp(margin)
    assert 0.94 <= held / 4000 <= 0.965


# Changes


def test_values_of_two_quarters_are_counted_again(opportunities: pd.DataFrame, changes: pd.DataFrame) -> None:
    """Win rate, deal size, cycle and new deals of the third calendar quarter against the second, whole and by source."""
    closed_on, created_on = pd.to_datetime(opportunities.closed_on), pd.to_datetime(opportunities.created_on)
    kept = opportunities.status != "deleted"
    told = changes[(changes.period_type == "quarter") & (changes.comparison == "previous")]
    quarters = {"value": ("2026-07-01", "2026-09-30", 66), "before_value": ("2026-04-01", "2026-06-30", 65)}
    sources = {
        "all": kept,
        **{source: kept & (opportunities.source == source) for source in ("Website", "Webinar", "Free Trial")},
    }
    for source, mask in sources.items():
        mine = told[told.scope_id == source].set_index("metric")
        for column, (first, last, days) in quarters.items():
            closed = opportunities[mask & closed_on.between(first, last) & opportunities.status.isin(["won", "lost"])]
            won = closed[closed.status == "won"]
            amounts = won.amount.dropna().astype(float)
            expected = {
                "win_rate": len(won) / len(closed),
                "average_deal_size": amounts.mean(),
                "won_amount": amounts.sum() / days,
                "sales_cycle_days": won.sales_cycle_days.mean(),
                "new_opportunities": (mask & created_on.between(first, last)).sum() / days,
                "won_opportunities": len(won) / days,
            }
            for metric, value in expected.items():
                assert mine.loc[metric, column] == pytest.approx(value, abs=2e-6), (source, metric, column)


def test_the_error_of_a_rate_is_statsmodels(changes: pd.DataFrame) -> None:
    rates = changes[(changes.unit == "share") & changes.not_judged.isna()]
    assert len(rates) > 100
    for row in rates.itertuples():
        x1, x0 = round(row.value * row.observations), round(row.before_value * row.before_observations)
        low, high = confint_proportions_2indep(
            x1, row.observations, x0, row.before_observations, method="newcomb", compare="diff"
        )
        assert (row.difference_low, row.difference_high) == pytest.approx((low, high), abs=3e-6)
        _, p = proportions_ztest([x1, x0], [row.observations, row.before_observations])
        assert row.p_value == pytest.approx(p, abs=2e-9)


def test_the_error_of_a_mean_is_welchs(opportunities: pd.DataFrame, changes: pd.DataFrame) -> None:
    """Student's t is approximated in SQL: p within 0.001 of SciPy's, the interval within 0.2 % of its width."""
    closed_on = pd.to_datetime(opportunities.closed_on)
    won = opportunities[opportunities.status == "won"]
    closed_on = closed_on[won.index]
    for metric, column in (("average_deal_size", "amount"), ("sales_cycle_days", "sales_cycle_days")):
        row = changes[
            (changes.period_type == "quarter")
            & (changes.comparison == "year_ago")
            & (changes.metric == metric)
            & (changes.scope == "company")
        ].iloc[0]
        now = won[closed_on.between("2026-07-01", "2026-09-30")][column].dropna().astype(float)
        then = won[closed_on.between("2025-07-01", "2025-09-30")][column].dropna().astype(float)
        test = stats.ttest_ind(now, then, equal_var=False)
        interval = test.confidence_interval(0.95)
        assert row.p_value == pytest.approx(test.pvalue, abs=1e-3)
        width = interval.high - interval.low
        assert (row.difference_low, row.difference_high) == pytest.approx((interval.low, interval.high), abs=0.002 * width)


def test_p_values_are_adjusted_as_benjamini_and_hochberg_do(changes: pd.DataFrame) -> None:
    families = changes[changes.not_judged.isna()].groupby(["period_type", "comparison"])
    # weeks, months, quarters and fiscal quarters, against the one before and a year ago
    assert families.ngroups == 8
    for _, family in families:
        reject, adjusted, _, _ = multipletests(family.p_value, alpha=0.05, method="fdr_bh")
        assert family.p_adjusted.to_numpy() == pytest.approx(adjusted, abs=2e-7)
        assert family.is_significant.tolist() == reject.tolist()
        assert set(family.compared) == {len(family)}


def test_segments_add_up_to_the_companys_change(changes: pd.DataFrame) -> None:
    keys = ["period_type", "comparison", "metric", "pipeline", "stage"]
    company = changes[changes.scope == "company"].set_index(keys).difference
    parts = changes[changes.contribution.notna()].groupby([*keys, "scope"], dropna=False).contribution.sum()
    assert len(parts) > 200
    for key, explained in parts.items():
        assert float(explained) == pytest.approx(float(company[key[:-1]]), abs=1e-9), key
