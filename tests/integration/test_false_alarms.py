"""Assumption: what rpt_metric_change calls significant at a company where nothing changes is noise as rarely as it promises.

Companies are drawn with constant rates: deals, wins, amounts, cycles and activity of every day alike. Of all p-values about 5 % may lie below
0.05; of the families of tests (period type × comparison) at most about 5 % may have anything significant after the correction.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from funnelcast.settings import Settings

pytestmark = pytest.mark.long

COMPANIES = 24
MODELS = ("int_compared_period", "int_metric_sums", "int_metric_begin", "rpt_metric_change")
FIRST, AS_OF = pd.Timestamp("2025-01-01"), pd.Timestamp("2026-11-22")


@pytest.fixture(scope="module")
def compiled(sample: Settings) -> dict[str, str]:
    """The models as the sample's night compiled them, without the name of its database."""
    found = {}
    for name in MODELS:
        (path,) = (path for path in sample.dbt_home.rglob(f"{name}.sql") if "compiled" in path.parts)
        found[name] = Path(path).read_text(encoding="utf-8").replace('"build".', "")
    return found


def test_a_company_where_nothing_changes_raises_few_alarms(compiled: dict[str, str]) -> None:
    p_values: list[pd.DataFrame] = []
    for seed in range(COMPANIES):
        with duckdb.connect() as connection:
            _draw_company(connection, seed)
            for name in MODELS:
                schema = "marts" if name.startswith("rpt") else "intermediate"
                connection.execute(f"create table {schema}.{name} as {compiled[name]}")
            p_values.append(
                connection.sql(
                    "select period_type, comparison, metric, p_value, is_significant from marts.rpt_metric_change"
                    " where p_value is not null"
                )
                .df()
                .assign(company=seed)
            )
    told = pd.concat(p_values)
    below = (told.p_value < 0.05).mean()
    families = told.groupby(["company", "period_type", "comparison"]).is_significant.any()
    alarms = families.mean()
    print(f"{len(told)} tests: {below:.3f} below 0.05; {len(families)} families: {alarms:.3f} with an alarm")
    print((told.p_value < 0.05).groupby(told.metric).mean().round(3).to_dict())
    assert len(told) > 2000
    assert 0.03 <= below <= 0.065
    # Twice the standard error of a share of 5 % among this many families.
    assert alarms <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(families))


def _draw_company(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    generator = np.random.default_rng([20261123, seed])
    days = pd.bdate_range(FIRST - pd.Timedelta(days=200), AS_OF)
    created = days.repeat(generator.poisson(8.0, len(days)))
    deals = pd.DataFrame({"created_on": created, "opportunity_id": [f"D{n}" for n in range(len(created))]})
    deals["source"] = generator.choice(["Web", "Event", "Referral"], len(deals), p=[0.5, 0.3, 0.2])
    deals["team"] = generator.choice(["East", "West"], len(deals))
    deals["cycle"] = np.ceil(generator.gamma(3.0, 15.0, len(deals))).astype(int)
    deals["closed_on"] = deals.created_on + pd.to_timedelta(deals.cycle, unit="D")
    chance = deals.source.map({"Web": 0.25, "Event": 0.2, "Referral": 0.45})
    wins = generator.random(len(deals)) < chance
    deals["status"] = np.where(deals.closed_on > AS_OF, "open", np.where(wins, "won", "lost"))
    deals.loc[deals.status == "open", "closed_on"] = pd.NaT
    deals["amount"] = np.round(10000 * np.exp(0.7 * generator.normal(size=len(deals))), 2)
    reps = pd.DataFrame({"rep_id": [f"R{n}" for n in range(8)], "team": ["East", "West"] * 4})
    work = reps.merge(pd.DataFrame({"activity_date": days}), how="cross")
    for metric, mean in (
        ("leads_created", 2),
        ("emails_sent", 12),
        ("calls", 6),
        ("meetings_booked", 0.8),
        ("meetings_held", 0.6),
    ):
        # Days differ more than Poisson's would.
        work[metric] = generator.poisson(mean * generator.gamma(4.0, 0.25, len(work)))
    connection.register("deals", deals)
    connection.register("work", work)
    connection.execute(
        """
        create schema intermediate; create schema marts; create schema config;
        create table config.run as select 'UTC' as timezone, date '2026-11-22' as as_of, timestamp '2026-11-23' as as_of_end;
        create table marts.fct_opportunity as
        select
            'generic' as source_system, opportunity_id, status, cast(created_on as date) as created_on, cast(closed_on as date) as closed_on,
            cast(amount as decimal(18, 2)) as amount, case when status = 'won' then cast(cycle as integer) end as sales_cycle_days
        from deals;
        create table intermediate.int_opportunity_segment as
        select 'generic' as source_system, opportunity_id, 'company' as scope, 'all' as scope_id, 'all' as scope_name from deals
        union all select 'generic', opportunity_id, 'team', team, team from deals
        union all select 'generic', opportunity_id, 'source', source, source from deals;
        create table intermediate.int_opportunity as
        select 'generic' as source_system, opportunity_id, cast(substr(opportunity_id, 2) as integer) as opportunity_key from deals;
        create table intermediate.int_stage as
        select
            'generic' as source_system, 'p' as pipeline, stage_order as stage_key, stage, stage_order, phase,
            stage = 'demo' as is_open, stage = 'won' as is_won, stage = 'lost' as is_lost
        from (values ('demo', 1, 'engagement'), ('won', 2, 'won'), ('lost', 3, 'lost')) as stages (stage, stage_order, phase);
        create table intermediate.int_stage_visit as
        select
            cast(substr(opportunity_id, 2) as integer) as opportunity_key, 1 as stage_key, cast(closed_on as timestamp) as exited_at,
            case status when 'won' then 2 when 'lost' then 3 end as next_stage_key
        from deals;
        create table marts.fct_activity_daily as
        select 'generic' as source_system, rep_id, rep_id as rep_name, team, cast(activity_date as date) as activity_date,
            leads_created, emails_sent, calls, meetings_booked, meetings_held
        from work;
        create table intermediate.int_rep_scope as
        select distinct 'generic' as source_system, rep_id, rep_id as scope_id, rep_id as scope_name from work;
        create table marts.fct_velocity (
            period_type varchar, period_start date, scope varchar, scope_id varchar, scope_name varchar, won bigint,
            opportunities bigint, win_rate double, velocity_per_day decimal(18, 4));
        create table intermediate.int_period as
        select period_type, cast(period_start as date) as period_start, cast(period_end as date) as period_end, true as is_complete, false as is_repeat
        from (values
            ('week', '2026-11-16', '2026-11-22'), ('month', '2026-10-01', '2026-10-31'), ('quarter', '2026-07-01', '2026-09-30')
        ) as periods (period_type, period_start, period_end);
        """
    )
