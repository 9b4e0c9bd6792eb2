"""Assumption: the estimates and intervals of the funnel are what statistics says they are of the deals, not what our SQL says.

Counted anew from the sample's stage entries: lifelines' Aalen–Johansen where it can be asked (it cannot handle two kinds of event at one time,
and forgets events on day 0), a loop over days everywhere, statsmodels for Wilson's intervals. If one fails, look at macros/aalen_johansen.sql.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from nights import build_rows, rows

from funnelcast.settings import Settings

pytestmark = pytest.mark.long

Cell = tuple[date, str, str, str, str]
# kind: 1 advanced, 2 lost, 0 seen no longer. late: at risk only after this many days.
Case = tuple[int, int, int | None]


class Estimate(NamedTuple):
    rate: float
    variance: float
    unresolved: float
    # Null where nobody else stands in: then the estimate is of the cohort's own deals alone.
    chance_size: float | None


ENTRIES = """
    with run as (select timezone, as_of from config.run)
    select stage.pipeline, stage.stage, segment.scope, segment.scope_id,
        timezone(run.timezone, timezone('UTC', entry.entered_at))::date,
        timezone(run.timezone, timezone('UTC', entry.advanced_at))::date,
        case when status.status = 'lost' then timezone(run.timezone, timezone('UTC', status.closed_at))::date end, run.as_of
    from intermediate.int_stage_entry as entry cross join run
    join intermediate.int_stage as stage on entry.stage_key = stage.stage_key
    join intermediate.int_opportunity_status as status on entry.opportunity_key = status.opportunity_key
    join intermediate.int_opportunity_segment as segment
        on status.source_system = segment.source_system and status.opportunity_id = segment.opportunity_id
"""


@pytest.fixture(scope="module")
def cases(sample: Settings) -> dict[Cell, list[Case]]:
    """The deals behind each estimate: the cohort's own, and for an unfinished one the older ones of the year before it."""
    own: dict[Cell, list[Case]] = defaultdict(list)
    as_of = date.min
    for pipeline, stage, dimension, value, entered, advanced, lost, day in build_rows(sample, ENTRIES):
        as_of = day
        left, kind = (advanced, 1) if advanced else (lost, 2) if lost else (as_of, 0)
        own[entered.replace(day=1), pipeline, stage, dimension, value].append((max((left - entered).days, 0), kind, None))
    complete = {cell: list(found) for cell, found in own.items()}
    for cell in own:
        if any(kind == 0 for _, kind, _ in own[cell]):
            month = cell[0]
            youngest = max((as_of - (_months(month, 1) - timedelta(days=1))).days, 0)
            for back in range(1, 13):
                earlier = own.get((_months(month, -back), *cell[1:]), [])
                complete[cell] += [(days, kind, youngest) for days, kind, _ in earlier if days > youngest]
    return complete


@pytest.fixture(scope="module")
def told(sample: Settings) -> dict[Cell, Estimate]:
    sql = """
        select cohort_month, pipeline, stage, scope, scope_id, rate, variance, unresolved, chance_size
        from intermediate.int_stage_eventual
    """
    return {tuple(row[:5]): Estimate(*row[5:]) for row in build_rows(sample, sql)}


def test_every_eventual_conversion_is_what_a_loop_over_days_finds(
    cases: dict[Cell, list[Case]], told: dict[Cell, Estimate]
) -> None:
    expected = {cell: estimate for cell, found in cases.items() if (estimate := _by_day(found)) is not None}
    assert set(told) == set(expected)
    assert len(expected) > 1_000
    assert any(case[2] is not None for found in cases.values() for case in found)
    for cell, estimate in expected.items():
        assert told[cell][:3] == pytest.approx(estimate[:3], abs=1e-9), cell
        # approx takes no tolerance for what is null.
        size = estimate.chance_size
        assert told[cell].chance_size == (None if size is None else pytest.approx(size, rel=1e-6)), cell
    assert sum(estimate.chance_size is not None for estimate in expected.values()) > 50


def test_eventual_conversion_agrees_with_lifelines(cases: dict[Cell, list[Case]], told: dict[Cell, Estimate]) -> None:
    from lifelines import AalenJohansenFitter

    compared = late = 0
    for cell, found in _one_kind_a_day(cases):
        fitter = AalenJohansenFitter()
        with warnings.catch_warnings():
            # lifelines takes logarithms of rates of 0 and 1 for its own interval, which is not asked here.
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", FutureWarning)
            fitter.fit(
                [days for days, _, _ in found],
                [kind for _, kind, _ in found],
                event_of_interest=1,
                # Half a day after the age from which they are known: before all that happened to them.
                entry=[0 if after is None else after + 0.5 for _, _, after in found],
            )
        assert told[cell].rate == pytest.approx(float(fitter.cumulative_density_.iloc[-1, 0]), abs=1e-9), cell
        variance = float(fitter.variance_.iloc[-1])
        if not math.isnan(variance):
            assert told[cell].variance == pytest.approx(variance, abs=1e-9), cell
        compared += 1
        late += any(after is not None for _, _, after in found)
        if compared == 60:
            break
    assert compared >= 30
    assert late >= 5


def test_intervals_agree_with_statsmodels(sample: Settings) -> None:
    from statsmodels.stats.proportion import proportion_confint

    for table, counts in (
        ("fct_stage_funnel", ("advanced", "entered", "conversion_rate")),
        ("fct_velocity", ("won", "closed", "win_rate")),
        ("fct_lead_funnel", ("won", "leads", "lead_to_won_rate")),
    ):
        part, whole, rate = counts
        found = rows(sample.home, f"select distinct {part}, {whole}, {rate}_low, {rate}_high from {table} where {whole} > 0")
        assert len(found) > 20
        for count, size, low, high in found:
            assert (low, high) == pytest.approx(proportion_confint(count, size, method="wilson"), abs=1.1e-6)


def test_the_counts_of_segments_sum_to_the_whole(sample: Settings) -> None:
    for table, key, counts in (
        ("fct_stage_funnel", "cohort_month, stage", ("entered", "advanced", "lost", "still_open")),
        ("fct_lead_funnel", "cohort_month", ("leads", "opportunities", "won", "lost")),
    ):
        sums = ", ".join(f"sum({count})" for count in counts)
        found = rows(sample.home, f"select {key}, scope, {sums} from {table} group by all")
        by_dimension: dict[str, Counter[tuple[object, ...]]] = defaultdict(Counter)
        size = len(key.split(","))
        for row in found:
            by_dimension[row[size]][row[:size] + row[size + 1 :]] += 1
        assert len(by_dimension) > 3
        assert all(dimension == by_dimension["company"] for dimension in by_dimension.values())


def _one_kind_a_day(cases: dict[Cell, list[Case]]) -> Iterator[tuple[Cell, list[Case]]]:
    """Cells that lifelines can be asked about, those with late entries first."""
    cells = sorted(cases.items(), key=lambda item: (all(after is None for _, _, after in item[1]), item[0]))
    for cell, found in cells:
        kinds = defaultdict(set)
        for days, kind, _ in found:
            if kind:
                kinds[days].add(kind)
        at_start = any(days == 0 for days, _, _ in found)
        # With nobody there for a while, before the late ones come, lifelines refuses or divides by nothing.
        is_never_empty = all(
            any(last > day and (after is None or after < day) for last, _, after in found)
            for day in sorted({last for last, _, _ in found})[:-1]
        )
        is_untied = all(len(both) == 1 for both in kinds.values())
        if 3 <= len(found) <= 200 and kinds and not at_start and is_untied and is_never_empty:
            yield cell, found


def _at_risk(found: Iterable[Case], days: int) -> int:
    return sum(last >= days and (after is None or after < days) for last, _, after in found)


def _by_day(found: list[Case]) -> Estimate | None:
    """Aalen–Johansen day by day, its variance by the derivative of the product in each day's two hazards (multinomial)."""
    days = sorted({last for last, kind, _ in found if kind})
    if not days:
        return None
    steps = []
    own = [case for case in found if case[2] is None]
    survival, rate = 1.0, 0.0
    for day in days:
        size = _at_risk(found, day)
        advanced, lost = (sum(case[:2] == (day, kind) for case in found) / size for kind in (1, 2))
        rate += survival * advanced
        steps.append((size, _at_risk(own, day), advanced, lost, survival, rate))
        survival *= 1 - advanced - lost if advanced + lost < 1 - 1e-12 else 0
    variance = chance = 0.0
    is_own_alone = all(step[0] == step[1] for step in steps)
    for size, own_size, advanced, lost, before, until in steps:
        after = (rate - until) / (1 - advanced - lost) if advanced + lost < 1 - 1e-12 else 0.0
        by_advanced, by_lost = before - after, -after
        mean = by_advanced * advanced + by_lost * lost
        one_deals = by_advanced**2 * advanced + by_lost**2 * lost - mean**2
        variance += one_deals / size
        # Of the cohort's own that would be there on this day, these many were not watched: they go as chance has it.
        chance += one_deals * (1 - own_size / size) / (len(own) * before) if before > 1e-12 else 0
    is_certain = not 1e-9 < rate < 1 - 1e-9
    if is_own_alone or (not is_certain and chance < 1e-12):
        return Estimate(rate, variance, survival, None)
    return Estimate(rate, variance, survival, len(own) if is_certain else rate * (1 - rate) / chance)


def _months(month: date, count: int) -> date:
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)
