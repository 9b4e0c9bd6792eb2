"""`python -m benchmarks.coverage`: how often the funnel's intervals hold what is true of simulated companies, and comes of them.

Belongs here: neutral companies, the true rates that follow from their parameters, and counting. Does not belong here: speed
(models.py), or finding bottlenecks (tests/integration/test_bottleneck.py).

A neutral company has no seasons, no better or worse reps and deals, and nothing is skipped: then the chance to get beyond a stage is
the same for every deal of a segment, and known. Its deals go from the simulator straight into the shape of the intermediate tables,
each company a pipeline of its own, and through the models' compiled SQL, once for all. They go on for a year after the day that the
models know: then all that was open has ended.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from funnelcast.settings import load_settings
from orchestration.dbt_build import run_dbt
from orchestration.environment import prepare
from simulator.company import Company
from simulator.draws import Draws
from simulator.funnel import Birth, Funnel
from simulator.hazards import stage_probabilities
from simulator.people import hire_team
from simulator.workdays import Calendar, Clock

_MODELS = (
    "int_stage_entry",
    "int_stage_cohort",
    "int_stage_eventual",
    "fct_stage_funnel",
    "int_lead_eventual",
    "fct_lead_funnel",
)
_STAGE_MODELS = _MODELS[:4]
_LEAD_MODELS = _MODELS[4:]
_FLAT = (1.0,) * 13
_DEALS_PER_DAY = 2.5
# After this long hardly a deal is still there, so that a plain rate is an estimate of what will have been in the end.
_FINISHED_DAYS = 270
_AFTERWARDS_DAYS = 365

NEUTRAL = replace(
    Company(),
    history_starts_on=date(2025, 1, 1), as_of=date(2026, 6, 30), in_flight_days=0,
    closing_weeks=_FLAT, forward_weeks=_FLAT, losing_weeks=_FLAT,
    slow_months=(), year_end_level=1.0, weekend_level=1.0, holiday_level=1.0,
    bad_weeks=(), hires=(), departures=(), transfers=(), slumps=(), skill_spread=0.0, diligent_effect=1.0, neglected_share=0.0,
    size_effect=0.0, skip_chance=0.0, same_instant_chance=0.0, reopened_after_lost=0.0, reopened_after_won=0.0, deletions_per_day=0.0,
    retired_stage=None,
)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """Of the intervals of one kind: how many there are and how many hold the truth, with the standard error over companies."""

    kind: str
    intervals: int
    held: int
    standard_error: float

    @property
    def share(self) -> float:
        return self.held / self.intervals


def measure(companies: int) -> list[Coverage]:
    """Simulate this many companies, estimate all their cohorts, and compare with the truth and with what came of them."""
    to_the_end = pd.concat([_visits(seed) for seed in range(1, companies + 1)])
    found = _funnel(_seen(to_the_end), compiled_models()).merge(_truth(), on=["stage", "scope_id"])
    found["month"] = pd.to_datetime(found.cohort_month)
    found = found.merge(_came_of(to_the_end), on=["pipeline", "stage", "scope_id", "month"])
    age = (pd.Timestamp(NEUTRAL.as_of) - found.month).dt.days
    told = found[found.eventual_conversion_rate.notna()]
    open_still = told[told.still_open > 0]
    newest = told[told.month == pd.Timestamp(NEUTRAL.as_of.replace(day=1))]
    eventual = "eventual_conversion_rate"
    return [
        _covered(
            "true rate: plain rate, cohorts that are finished", found[age >= _FINISHED_DAYS], "conversion_rate", "true_rate"
        ),
        _covered("true rate: eventual rate, all cohorts", told, eventual, "true_rate"),
        _covered("true rate: eventual rate, cohorts not finished", open_still, eventual, "true_rate"),
        _covered("what came of it: cohorts not finished", open_still, eventual, "came_of"),
        _covered("what came of it: the current month's cohort", newest, eventual, "came_of"),
        _covered("the same, of ten deals and more", newest[newest.entered >= 10], eventual, "came_of"),
    ]


def measure_leads(companies: int) -> Coverage:
    """The current month's leads, of whom one in eight becomes a deal in a month or so, and one deal in three is won."""
    leads = pd.concat([_leads(seed) for seed in range(1, companies + 1)])
    leads["month"] = leads.created_on.dt.to_period("M").dt.to_timestamp()
    came_of = leads.assign(came_of=leads.ends_won).groupby(["scope_id", "month"], as_index=False).came_of.mean()
    with duckdb.connect() as connection:
        connection.register("lead", leads[leads.created_on <= pd.Timestamp(NEUTRAL.as_of)])
        connection.execute(
            f"""
            set timezone = 'UTC'; create schema intermediate; create schema marts; create schema config;
            create table config.run as select 'UTC' as timezone, date '{NEUTRAL.as_of}' as as_of;
            create table intermediate.int_lead_segment as
            select 'generic' as source_system, lead_id, 'company' as scope, scope_id, scope_id as scope_name from lead;
            create table intermediate.int_lead_outcome as
            select 'generic' as source_system, lead_id, created_on::date as created_on, created_on as created_at, true as is_qualified,
                true as is_qualification_told, null::timestamp as qualified_at, null::timestamp as opportunity_at, 0 as deals,
                case when ended_at < date '{NEUTRAL.as_of}' + 1 and ends_won then ended_at end as won_at,
                case when ended_at < date '{NEUTRAL.as_of}' + 1 and not ends_won then ended_at end as lost_at,
                0 as won_amount, 0 as won_without_amount
            from lead;
            """
        )
        compiled = compiled_models()
        for name in _LEAD_MODELS:
            schema = "marts" if name.startswith("fct") else "intermediate"
            connection.execute(f"create table {schema}.{name} as {compiled[name]}")
        found = connection.sql("from marts.fct_lead_funnel").df()
    found["month"] = pd.to_datetime(found.cohort_month)
    found["pipeline"] = found.scope_id
    newest = found[found.month == pd.Timestamp(NEUTRAL.as_of.replace(day=1))].merge(came_of, on=["scope_id", "month"])
    return _covered("what came of it: the current month's leads", newest, "eventual_won_rate", "came_of")


def _leads(seed: int) -> pd.DataFrame:
    generator = np.random.default_rng([seed, 7])
    created = pd.date_range(NEUTRAL.history_starts_on, NEUTRAL.as_of).repeat(10)
    size = len(created)
    days = generator.gamma(2, 15, size) + generator.gamma(2, 30, size)
    return pd.DataFrame(
        {
            "scope_id": f"{seed:03}",
            "lead_id": [f"{seed}-{number}" for number in range(size)],
            "created_on": created,
            "ended_at": (created + pd.to_timedelta(days, unit="D")).where(generator.random(size) < 1 / 8),
            "ends_won": generator.random(size) < 1 / 3,
        }
    ).assign(ends_won=lambda lead: lead.ends_won & lead.ended_at.notna())


def compiled_models() -> dict[str, str]:
    """The models' SQL, as dbt compiles it now."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="funnelcast-coverage-") as folder:
        settings = load_settings(home=Path(folder) / "home", landing=Path(folder) / "landing")
        try:
            prepare(settings)
            run_dbt(["compile", "--no-introspect", "--vars", '{"systems": ["generic"]}', "--select", *_MODELS], settings)
        finally:
            os.environ.clear()
            os.environ.update(before)
        compiled = settings.dbt_target / "compiled"
        return {
            name: next(compiled.rglob(f"{name}.sql")).read_text(encoding="utf-8").replace('"build".', "") for name in _MODELS
        }


def true_conversion(company: Company, segment: int) -> list[float]:
    """For each stage the chance that a deal that comes to it gets beyond it, after however many moves back."""
    found = []
    for stage in range(len(company.stages)):
        steps, beyond = np.zeros((stage + 1, stage + 1)), np.zeros(stage + 1)
        for place, (forward, _, back) in enumerate(stage_probabilities(company, segment)[: stage + 1]):
            if place == stage:
                beyond[place] = forward
            else:
                steps[place, place + 1] = forward
            if place > 0:
                steps[place, place - 1] = back
        found.append(float(np.linalg.solve(np.eye(stage + 1) - steps, beyond)[stage]))
    return found


def _truth() -> pd.DataFrame:
    rows = [
        (stage.key, segment.name, true)
        for number, segment in enumerate(NEUTRAL.segments)
        for stage, true in zip(NEUTRAL.stages, true_conversion(NEUTRAL, number), strict=True)
    ]
    return pd.DataFrame(rows, columns=["stage", "scope_id", "true_rate"])


def _visits(seed: int) -> pd.DataFrame:
    """The stage visits of one company and the year after, without leads, mails, or what anybody writes down."""
    company = replace(NEUTRAL, as_of=NEUTRAL.as_of + timedelta(days=_AFTERWARDS_DAYS))
    clock = Clock(company.timezone)
    calendar = Calendar(company, company.history_starts_on, company.as_of)
    team = hire_team(company, seed, calendar, clock)
    first, last = company.history_starts_on.toordinal(), company.as_of.toordinal()
    deals = Funnel(company, Draws(seed, "funnel"), team, calendar, clock).run(list(_births(seed, clock)), first, last)
    keys = [stage.key for stage in company.stages] + ["won", "lost"]
    stays = [
        (seed, deal.number, deal.birth.segment, keys[move.stage], move.stage, move.at)
        for deal in deals
        for move in deal.moves
    ]
    return pd.DataFrame(stays, columns=["company", "deal", "segment", "stage", "place", "entered"])


def _seen(to_the_end: pd.DataFrame) -> pd.DataFrame:
    """What had happened by the end of the as-of day."""
    seen = to_the_end[to_the_end.entered < Clock(NEUTRAL.timezone).utc(NEUTRAL.as_of.toordinal() + 1, 0)]
    return seen.assign(is_current=~seen.duplicated(["company", "deal"], keep="last"))


def _came_of(to_the_end: pd.DataFrame) -> pd.DataFrame:
    """Of each cohort: which share got beyond the stage, in the end."""
    stages = [stage.key for stage in NEUTRAL.stages]
    lost = len(stages) + 1
    deal = ["company", "deal"]
    # Lost is no place further on.
    furthest = to_the_end[to_the_end.place < lost].groupby(deal).place.max().rename("furthest")
    entries = to_the_end[to_the_end.place < len(stages)].drop_duplicates([*deal, "place"]).join(furthest, on=deal)
    day = pd.to_datetime(entries.entered, unit="s", utc=True).dt.tz_convert(NEUTRAL.timezone).dt.tz_localize(None)
    known = entries.assign(
        pipeline=entries.company.astype(str),
        scope_id=[NEUTRAL.segments[number].name for number in entries.segment],
        month=day.dt.to_period("M").dt.to_timestamp(),
        came_of=entries.furthest > entries.place,
        is_known=entries.entered < Clock(NEUTRAL.timezone).utc(NEUTRAL.as_of.toordinal() + 1, 0),
    ).query("is_known")
    came_of: pd.DataFrame = known.groupby(["pipeline", "stage", "scope_id", "month"])["came_of"].mean().reset_index()
    return came_of


def _births(seed: int, clock: Clock) -> Iterable[Birth]:
    generator = np.random.default_rng([seed, 5])
    shares = [segment.share for segment in NEUTRAL.segments]
    for day in range(NEUTRAL.history_starts_on.toordinal(), NEUTRAL.as_of.toordinal() + 1):
        for segment in generator.choice(len(shares), size=generator.poisson(_DEALS_PER_DAY), p=shares):
            yield Birth(
                at=clock.utc(day, 9 * 3600), stage=0, segment=int(segment), source=None, losing=1.0, organisation=0, lead=None,
                developer=None, size=0.0, diligent=True, neglected_from=None,
            )  # fmt: skip


def _funnel(visited: pd.DataFrame, compiled: dict[str, str]) -> pd.DataFrame:
    """fct_stage_funnel of all companies at once, by segment."""
    names = [segment.name for segment in NEUTRAL.segments]
    keys = [stage.key for stage in NEUTRAL.stages] + ["won", "lost"]
    with duckdb.connect() as connection:
        connection.register("visited", visited)
        connection.execute(
            f"""
            set timezone = 'UTC'; create schema intermediate; create schema marts; create schema config;
            create table config.run as select '{NEUTRAL.timezone}' as timezone, date '{NEUTRAL.as_of}' as as_of;
            create table intermediate.int_stage as
            select 'generic' as source_system, company::varchar as pipeline, key as stage,
                company * {len(keys)} + list_position({keys}, key) as stage_key,
                list_position({keys}, key) as stage_order, 'config' as defined_by,
                key not in ('won', 'lost') as is_open, key = 'won' as is_won, key = 'lost' as is_lost
            from (select distinct company from visited), (select unnest({keys}) as key);
            create table deal as
            select company, deal, any_value(segment) as segment, row_number() over (order by company, deal) as opportunity_key
            from visited group by company, deal;
            create table intermediate.int_stage_visit as
            select deal.opportunity_key, stage.stage_key, make_timestamp(visited.entered * 1000000) as entered_at,
                cast(timezone('{NEUTRAL.timezone}', to_timestamp(visited.entered)) as date) as entered_on, visited.is_current
            from visited
            join deal on visited.company = deal.company and visited.deal = deal.deal
            join intermediate.int_stage as stage on visited.company::varchar = stage.pipeline and visited.stage = stage.stage;
            create table intermediate.int_opportunity_status as
            select opportunity_key, case when is_open then 'open' else stage end as status,
                case when not is_open then entered_at end as closed_at
            from intermediate.int_stage_visit join intermediate.int_stage using (stage_key) where is_current;
            create table intermediate.int_opportunity_cut as
            select opportunity_key, true as is_now, segment as segment_key from deal;
            create table intermediate.int_segment as
            select number as segment_key, 'segment' as scope, {names}[number + 1] as scope_id, {names}[number + 1] as scope_name
            from range({len(names)}) as numbers(number);
            """
        )
        for name in _STAGE_MODELS:
            schema = "marts" if name.startswith("fct") else "intermediate"
            connection.execute(f"create table {schema}.{name} as {compiled[name]}")
        found: pd.DataFrame = connection.sql("from marts.fct_stage_funnel").df()
    return found


def _covered(kind: str, found: pd.DataFrame, rate: str, truth: str) -> Coverage:
    # Published with six digits: an interval that ends at the truth holds it.
    held = (found[f"{rate}_low"] <= found[truth] + 5e-7) & (found[truth] <= found[f"{rate}_high"] + 5e-7)
    by_company = held.groupby(found.pipeline).mean()
    return Coverage(kind, len(held), int(held.sum()), float(by_company.std(ddof=1) / len(by_company) ** 0.5))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=60)
    companies = parser.parse_args(arguments).companies
    print(f"{companies} neutral companies, 18 months, cohorts by stage and segment; intervals of 95 %")
    for found in (*measure(companies), measure_leads(companies)):
        print(
            f"{found.kind:52} {found.intervals:7,} intervals hold the truth in {found.share:7.2%} (± {found.standard_error:.2%})"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
