"""Assumption: the stage that rpt_bottleneck says limits the flow is the one that was made slow, and where none was, it says so of few.

The deals are the simulator's own, not its extracts: what happened, in the shape of the intermediate tables, through the models' compiled SQL.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pandas as pd
import pytest

from funnelcast.settings import Settings
from simulator import Company, Histories, simulate
from simulator.company import Slowdown, Stage

pytestmark = pytest.mark.long

MODELS = ("int_stage_flow", "rpt_bottleneck")
SLOW = Slowdown("demo", date(2025, 6, 1), 4.0, "West")


@pytest.fixture(scope="module")
def compiled(sample: Settings) -> dict[str, str]:
    found = {}
    for name in MODELS:
        (path,) = (path for path in sample.dbt_home.rglob(f"{name}.sql") if "compiled" in path.parts)
        found[name] = path.read_text(encoding="utf-8").replace('"build".', "")
    return found


def test_the_stage_and_team_that_were_made_slow_are_found(compiled: dict[str, str]) -> None:
    """West's demos take four times as long from June 2025 on; by October its queue is there, in every quarter until the end."""
    flow = _flow(simulate(replace(Company(), slowdowns=(SLOW,)), 7), compiled)
    quarters = flow[(flow.period_type == "quarter") & flow.is_complete & (flow.period_start >= "2025-10-01")]
    limiting = quarters[quarters.is_limiting == True].groupby("scope_id").stage.apply(list)  # noqa: E712
    assert limiting["West"] == ["demo"] * 4
    assert limiting["all"] == ["demo"] * 4
    assert "demo" not in limiting.get("East", [])
    before = flow[(flow.period_type == "quarter") & (flow.period_start < "2025-06-01") & (flow.stage == "demo")]
    assert not (before.is_limiting == True).any()  # noqa: E712


def test_stages_that_are_alike_are_seldom_called_a_limit(compiled: dict[str, str]) -> None:
    """Five stages of the same mean, loss and season, nobody neglected: no more than one period in twenty, and twice its standard error."""
    alike = tuple(
        Stage(key, key, 20, "Pipeline", 14.0, 0.15, 0.0)
        for key in ("discovery", "qualified", "demo", "proposal", "negotiation")
    )
    flat = (1.0,) * 13
    company = replace(
        Company(),
        stages=alike,
        neglected_share=0.0,
        retired_stage=None,
        closing_weeks=flat,
        forward_weeks=flat,
        losing_weeks=flat,
        skip_chance=0.0,
        same_instant_chance=0.0,
        size_effect=0.0,
    )
    judged = limits = 0
    for seed in (11, 12, 13):
        flow = _flow(simulate(company, seed), compiled)
        months = flow[(flow.period_type == "month") & flow.is_complete & (flow.period_start >= "2025-03-01")]
        told = months.groupby(["scope_id", "period_start"]).is_limiting
        judged += int(told.count().gt(0).sum())
        limits += int((months.is_limiting == True).sum())  # noqa: E712
    print(f"{limits} of {judged} periods have a stage called limiting")
    assert judged > 150
    assert limits <= judged * (0.05 + 2 * (0.05 * 0.95 / judged) ** 0.5)


def _flow(histories: Histories, compiled: dict[str, str]) -> pd.DataFrame:
    """rpt_bottleneck of a simulated company."""
    company, names = histories.company, [stage.key for stage in histories.company.stages] + ["won", "lost"]
    visits, deals = [], []
    for deal in histories.deals:
        stays = [
            move
            for before, move in zip([None, *deal.moves], deal.moves, strict=False)
            if before is None or before.stage != move.stage
        ]
        for move, following in zip(stays, [*stays[1:], None], strict=True):
            visits.append((deal.number, move.stage, move.at, following.at if following else None))
        owner = histories.team.reps[deal.owners[-1][1]]
        team = owner.team_on(histories.clock.day(deal.moves[-1].at))
        deals.append((deal.number, team, deal.deleted_at))
    visited = pd.DataFrame(visits, columns=["opportunity_key", "stage_key", "entered", "exited"])
    owned = pd.DataFrame(deals, columns=["opportunity_key", "team", "deleted"]).astype({"deleted": "float64"})
    end = pd.Timestamp(histories.end_of(company.as_of.toordinal()), unit="s")
    with duckdb.connect() as connection:
        connection.register("visited", visited.astype({"exited": "float64"}))
        connection.register("owned", owned)
        connection.execute(
            f"""
            set timezone = 'UTC'; create schema intermediate; create schema marts;
            create table intermediate.int_stage_visit as
            select opportunity_key, stage_key,
                make_timestamp(entered * 1000000) as entered_at, make_timestamp(cast(exited as bigint) * 1000000) as exited_at
            from visited;
            create table intermediate.int_opportunity as
            select opportunity_key, make_timestamp(cast(deleted as bigint) * 1000000) as deleted_at from owned;
            create table intermediate.int_opportunity_cut as
            select opportunity_key, true as is_now, dense_rank() over (order by team) as segment_key from owned;
            create table intermediate.int_segment as
            select distinct dense_rank() over (order by team) as segment_key, 'team' as scope, coalesce(team, '(none)') as scope_id, coalesce(team, '(none)') as scope_name
            from owned
            union all
            select distinct dense_rank() over (order by team), 'company', 'all', 'all' from owned;
            create table intermediate.int_stage as
            select 'p' as pipeline, place as stage_key, stage, place as stage_order, stage not in ('won', 'lost') as is_open
            from (select unnest({names}) as stage, unnest(range({len(names)})) as place);
            create table intermediate.int_period as
            select kind as period_type, cast(first as date) as period_start, cast(first + width - interval 1 day as date) as period_end,
                first + width <= timestamp '{end.date()}' as is_complete, cast(null as varchar) as incomplete_reason, false as is_repeat,
                timezone('UTC', timezone('{company.timezone}', first)) as start_at,
                least(timezone('UTC', timezone('{company.timezone}', first + width)), timestamp '{end}') as end_at,
                timezone('UTC', timezone('{company.timezone}', first)) as known_from,
                date_diff('day', cast(first as date), least(cast(first + width as date), date '{end.date()}')) as known_days
            from (
                select 'month' as kind, interval 1 month as width, unnest(range(timestamp '2024-10-01', timestamp '2026-12-01', interval 1 month)) as first
                union all
                select 'quarter', interval 3 month, unnest(range(timestamp '2024-10-01', timestamp '2026-12-01', interval 3 month))
            );
            create view intermediate.int_history_period as select * from intermediate.int_period;
            """
        )
        for name in MODELS:
            schema = "marts" if name.startswith("rpt") else "intermediate"
            connection.execute(f"create table {schema}.{name} as {compiled[name]}")
        return connection.sql("from marts.rpt_bottleneck").df().sort_values(["scope_id", "period_start", "stage"])
