"""Which table is counted by what, by which keys its rows are known, and which of its rows are counted.

Belongs here: the list. Does not belong here: counting (one module per kind of table) and comparing (compare.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.recount import (
    activity,
    bottleneck,
    changes,
    credit,
    dimensions,
    funnels,
    opportunity,
    pipeline,
    tiers,
    velocity,
    wins,
)
from benchmarks.recount.compare import Compared, compare, published_rows
from benchmarks.recount.facts import Facts

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    count: Callable[[Facts], list[Row]]
    keys: tuple[str, ...]
    where: str = ""
    slack: Mapping[str, float] = field(default_factory=dict)
    # Which rows there are is not counted, only what the published ones say.
    only_published: bool = False
    # Columns of which only what the published table answers is compared: whether a period is known whole is told by ops_coverage.
    answered: tuple[str, ...] = ()


MINUTE = 1 / 24 / 60
STAYS = {"days_in_stage": MINUTE}

TABLES: dict[str, Table] = {
    "fct_opportunity": Table(opportunity.opportunities, ("source_system", "opportunity_id"), slack=STAYS),
    "fct_stage_visit": Table(opportunity.visits, ("source_system", "opportunity_id", "visit_number"), slack=STAYS),
    "ops_close_date_difference": Table(opportunity.close_date_differences, ("source_system", "opportunity_id")),
    "fct_pipeline_daily": Table(pipeline.daily, ("source_system", "date_day", "pipeline", "stage")),
    "fct_pipeline_movement": Table(pipeline.movements, ("source_system", "opportunity_id", "period_type", "period_start")),
    "fct_pipeline_bridge": Table(
        lambda facts: pipeline.bridges(facts, pipeline.movements(facts)),
        ("period_type", "period_start", "pipeline", "scope", "scope_id"),
    ),
    "fct_velocity": Table(
        velocity.velocity,
        ("period_type", "period_start", "scope", "scope_id"),
        # The difference of two rounded numbers, and what rounding leaves to the last of the four, may be off by more than half a digit.
        slack={"velocity_change": 0.0001, "contribution_sales_cycle": 0.0003, "average_deal_size": 0.0001},
    ),
    "fct_stage_funnel": Table(funnels.stage_funnel, ("cohort_month", "pipeline", "stage", "scope", "scope_id")),
    "fct_win_cohort": Table(wins.win_cohorts, ("cohort_month", "scope", "scope_id")),
    "fct_lead_funnel": Table(funnels.lead_funnel, ("cohort_month", "scope", "scope_id")),
    "fct_activity_daily": Table(activity.daily, ("source_system", "rep_id", "activity_date")),
    "rpt_bottleneck": Table(
        bottleneck.bottlenecks,
        ("period_type", "period_start", "pipeline", "stage", "scope", "scope_id"),
        # The product measures stays in whole minutes: each is up to a minute (0.0007 days) off, their sums by as many of them.
        slack={
            "median_age_days": MINUTE,
            "p90_age_days": MINUTE,
            "median_days_of_departed": MINUTE,
            "mean_wip": 0.01,
            "residence_days": 0.01,
            "littles_law_ratio": 0.01,
        },
    ),
    "rpt_qualification_tier": Table(
        tiers.tiers,
        ("subject", "score", "tier"),
        slack=dict.fromkeys(("difference_to_next_tier_low", "difference_to_next_tier_high"), 1e-6),
    ),
    "rpt_metric_change": Table(
        changes.changes,
        ("period_type", "comparison", "metric", "pipeline", "stage", "scope", "scope_id"),
        only_published=True,
        # Differences and contributions are of rounded values.
        slack=dict.fromkeys(("difference", "contribution", "contribution_own", "contribution_mix"), 1e-5),
        answered=(
            "before_observations",
            "before_value",
            "difference",
            "contribution",
            "contribution_own",
            "contribution_mix",
        ),
    ),
    "fct_won_credit": Table(
        credit.credits_of_wins,
        ("source_system", "opportunity_id", "part", "rep_id"),
        slack={"share": 1e-6, "credited_amount": 0.01},
    ),
    "dim_date": Table(
        lambda facts: dimensions.dates(facts, facts.as_of + timedelta(days=30_000)), ("date_day",), only_published=True
    ),
    "dim_rep": Table(dimensions.reps, ("source_system", "rep_id"), where="where not is_placeholder"),
    "dim_stage": Table(dimensions.stages, ("source_system", "pipeline", "stage")),
    "dim_lead": Table(dimensions.leads, ("source_system", "lead_id")),
    "dim_account": Table(dimensions.accounts, ("source_system", "account_id"), where="where not is_placeholder"),
}


def recount(facts: Facts, home: Path, name: str) -> Compared:
    table = TABLES[name]
    published = published_rows(home, name, table.where)
    return compare(name, published, table.count(facts), table.keys, table.slack, table.only_published, table.answered)
