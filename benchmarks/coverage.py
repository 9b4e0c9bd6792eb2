"""`python -m benchmarks.coverage`: how often the intervals of the funnel hold the rates that are true of simulated companies.

Belongs here: neutral companies, the true rates that follow from their parameters, and counting. Does not belong here: speed
(models.py), or finding bottlenecks (tests/integration/test_bottleneck.py).

A neutral company has no seasons, no better or worse reps and deals, and nothing is skipped: then the chance to get beyond a stage is
the same for every deal of a segment, and known. Its deals go from the simulator straight into the shape of the intermediate tables,
each company a pipeline of its own, and through the models' compiled SQL, once for all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
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

_MODELS = ("int_stage_entry", "int_stage_cohort", "int_stage_eventual", "fct_stage_funnel")
_FLAT = (1.0,) * 13
_DEALS_PER_DAY = 2.5
# After this long hardly a deal is still there, so that a plain rate is an estimate of what will have been in the end.
_FINISHED_DAYS = 270

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
    """Simulate this many companies, estimate all their cohorts, and compare with the truth."""
    deals = pd.concat([_visits(seed) for seed in range(1, companies + 1)])
    found = _funnel(deals, compiled_models()).merge(_truth(), on=["stage", "scope_id"])
    age = (pd.Timestamp(NEUTRAL.as_of) - pd.to_datetime(found.cohort_month)).dt.days
    told = found[found.eventual_conversion_rate.notna()]
    return [
        _covered("plain rate, cohorts that are finished", found[age >= _FINISHED_DAYS], "conversion_rate"),
        _covered("eventual rate, all cohorts", told, "eventual_conversion_rate"),
        _covered("eventual rate, cohorts with deals still there", told[told.still_open > 0], "eventual_conversion_rate"),
    ]


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
    """The stage visits of one company, without leads, mails, or what anybody writes down."""
    company = NEUTRAL
    clock = Clock(company.timezone)
    calendar = Calendar(company, company.history_starts_on, company.as_of)
    team = hire_team(company, seed, calendar, clock)
    first, last = company.history_starts_on.toordinal(), company.as_of.toordinal()
    deals = Funnel(company, Draws(seed, "funnel"), team, calendar, clock).run(list(_births(seed, clock)), first, last)
    keys = [stage.key for stage in company.stages] + ["won", "lost"]
    stays = [
        (seed, deal.number, deal.birth.segment, keys[move.stage], move.stage, move.at, move is deal.moves[-1])
        for deal in deals
        for move in deal.moves
    ]
    return pd.DataFrame(stays, columns=["company", "deal", "segment", "stage", "place", "entered", "is_current"])


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
        for name in _MODELS:
            schema = "marts" if name.startswith("fct") else "intermediate"
            connection.execute(f"create table {schema}.{name} as {compiled[name]}")
        found: pd.DataFrame = connection.sql("from marts.fct_stage_funnel").df()
    return found


def _covered(kind: str, found: pd.DataFrame, rate: str) -> Coverage:
    # Published with six digits: an interval that ends at the truth holds it.
    held = (found[f"{rate}_low"] <= found.true_rate + 5e-7) & (found.true_rate <= found[f"{rate}_high"] + 5e-7)
    by_company = held.groupby(found.pipeline).mean()
    return Coverage(kind, len(held), int(held.sum()), float(by_company.std(ddof=1) / len(by_company) ** 0.5))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=60)
    companies = parser.parse_args(arguments).companies
    print(f"{companies} neutral companies, 18 months, cohorts by stage and segment; intervals of 95 %")
    for found in measure(companies):
        print(
            f"{found.kind:48} {found.intervals:7,} intervals hold the truth in {found.share:7.2%} (± {found.standard_error:.2%})"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
