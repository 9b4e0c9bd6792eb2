"""rpt_bottleneck: the flow through each stage, and which stage limits it.

Not counted here: the intervals (residence_days_low …) and what follows from them; they have tests of their own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.recount.facts import Facts
from benchmarks.recount.rates import quantile, share, wilson

Row = dict[str, Any]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stay:
    entered: datetime
    exited: datetime | None


def bottlenecks(facts: Facts) -> list[Row]:
    # The company's own quarters stand beside the calendar's where they are others.
    kinds = ("month", "quarter") if facts.company.fiscal_month == 1 else ("month", "quarter", "fiscal_quarter")
    stays: dict[tuple[str, str, int, str, str], list[Stay]] = defaultdict(list)
    # Where nobody has a pod there is nothing to tell of pods.
    scopes = ["all", "team", *(["pod"] if any(fact.pod for fact in facts.living) else [])]
    for fact in facts.living:
        for visit in fact.life.visits:
            if visit.stage.status == "open":
                for scope in scopes:
                    place = (
                        visit.stage.pipeline,
                        visit.stage.key,
                        visit.stage.order,
                        "company" if scope == "all" else scope,
                        fact.cuts[scope][0],
                    )
                    stays[place].append(Stay(visit.entered, visit.exited))
    if not stays:
        return []
    # Dense: every open stage of a pipeline in use, also one that nobody was in.
    known = {
        (stage.pipeline, stage.key, stage.order)
        for records in facts.records.values()
        for stage in records.stages
        if stage.status == "open"
    }
    for pipeline, scope, value in {(place[0], place[3], place[4]) for place in stays}:
        for known_stage in known:
            if known_stage[0] == pipeline:
                stays.setdefault((*known_stage, scope, value), [])
    found = []
    first = min(facts.company.day(stay.entered) for own in stays.values() for stay in own)
    for (pipeline, stage, order, scope, value), own in stays.items():
        for kind in kinds:
            start = facts.company.period_start(kind, first)
            while start <= facts.as_of:
                after = facts.company.next_period(kind, start)
                key = {
                    "period_type": kind,
                    "period_start": start,
                    "pipeline": pipeline,
                    "stage": stage,
                    "scope": scope,
                    "scope_id": value,
                }
                found.append({**key, "stage_order": order, **_flow(facts, own, start, after, first)})
                start = after
    return found


def _minutes(stay: timedelta) -> float:
    """Time in a stage is in whole minutes that are over, told in days."""
    return stay // timedelta(minutes=1) / 1440


def _flow(facts: Facts, stays: list[Stay], start: date, after: date, first: date) -> Row:
    # Only days that are known and over count.
    known = max(start, facts.first_day)
    begin = facts.company.midnight(known)
    end = min(facts.company.midnight(after), facts.end)
    days = (min(after, facts.as_of + DAY) - known).days
    opening = sum(stay.entered < begin and (stay.exited is None or stay.exited >= begin) for stay in stays)
    arrivals = sum(begin <= stay.entered < end for stay in stays)
    left = [stay for stay in stays if stay.exited is not None and begin <= stay.exited < end]
    standing = [stay for stay in stays if stay.entered < end and (stay.exited is None or stay.exited >= end)]
    ages = [(end - stay.entered) / DAY for stay in standing]
    spent = sum(
        max((min(stay.exited or end, end) - max(stay.entered, begin)) / DAY, 0) for stay in stays if stay.entered < end
    )
    stayed = [_minutes(stay.exited - stay.entered) for stay in left if stay.exited]
    low, _ = wilson(arrivals, arrivals + len(left))
    mean_stay = sum(stayed) / len(stayed) if stayed else None
    return {
        "period_end": after - DAY,
        "is_complete": after - DAY <= facts.as_of and start >= facts.stages_known_from,
        "opening_wip": opening,
        "arrivals": arrivals,
        "departures": len(left),
        "wip": len(standing),
        "median_age_days": quantile(ages, 0.5),
        "p90_age_days": quantile(ages, 0.9),
        "median_days_of_departed": quantile(stayed, 0.5),
        "throughput_per_day": len(left) / days,
        "mean_wip": spent / ((end - begin) / DAY),
        "residence_days": share(spent, len(left)),
        # Both by the same clock: time spent there ÷ what those who came would spend, staying as long as those who left.
        "littles_law_ratio": spent / (arrivals * mean_stay) if arrivals and mean_stay else None,
        "utilisation": share(arrivals, len(left)),
        "is_growing": low is not None and low > 0.5 if arrivals + len(left) >= 20 else None,
    }
