"""rpt_metric_change: a metric in the last whole period, in the one before and a year ago, and what each segment did to the difference.

Not counted here: intervals, p-values and what follows from them; they have tests of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.recount import activity
from benchmarks.recount.company import months_later
from benchmarks.recount.facts import NONE, Fact, Facts, scope_of
from benchmarks.recount.velocity import Columns

Row = dict[str, Any]
ONE_DAY = timedelta(days=1)
KINDS = ("week", "month", "quarter", "fiscal_quarter")
ACTIVITIES = ("leads_created", "emails_sent", "calls", "meetings_booked", "meetings_held")


@dataclass
class Sum:
    """What a metric is made of: a sum and how many it is of; a mean is sum ÷ observations."""

    total: Decimal = Decimal(0)
    observations: int = 0


@dataclass
class Span:
    start: date
    end: date
    sums: dict[tuple[str, str | None, str | None, str, str], Sum] = field(default_factory=lambda: defaultdict(Sum))

    @property
    def working_days(self) -> int:
        return sum((self.start + ONE_DAY * number).weekday() < 5 for number in range((self.end - self.start).days + 1))


def changes(facts: Facts) -> list[Row]:
    found = []
    acts = activity.daily(facts)
    for kind in KINDS:
        start = facts.company.period_start(kind, facts.as_of + ONE_DAY)
        start = facts.company.previous_period(kind, start)
        end = facts.company.next_period(kind, start) - ONE_DAY
        now = _span(facts, acts, start, end)
        earlier = facts.company.previous_period(kind, start)
        year_ago = start - timedelta(weeks=52) if kind == "week" else months_later(start, -12)
        for comparison, begin in (("previous", earlier), ("year_ago", year_ago)):
            last = begin + timedelta(days=6) if kind == "week" else facts.company.next_period(kind, begin) - ONE_DAY
            before = _span(facts, acts, begin, last)
            head = {
                "period_type": kind,
                "period_start": start,
                "period_end": end,
                "comparison": comparison,
                "before_start": begin,
                "before_end": last,
            }
            found += [{**head, **row} for row in _rows(facts, now, before)]
    return found


def _span(facts: Facts, acts: list[Row], start: date, end: date) -> Span:
    span = Span(start, end)

    def add(fact: Fact, metric: str, value: Decimal, pipeline: str | None = None, stage: str | None = None) -> None:
        for dimension, (scope_id, _) in fact.cuts.items():
            own = span.sums[(metric, pipeline, stage, dimension, scope_id)]
            own.total += value
            own.observations += 1

    day = facts.company.day
    for fact in facts.living:
        created = day(fact.life.created)
        if start <= created <= end:
            add(fact, "new_opportunities", Decimal(1))
        closed = day(fact.life.closed_at) if fact.life.closed_at else None
        if closed is not None and start <= closed <= end:
            is_won = fact.life.status == "won"
            add(fact, "win_rate", Decimal(is_won))
            if is_won:
                add(fact, "won_opportunities", Decimal(1))
                add(fact, "sales_cycle_days", Decimal(max(0, (closed - created).days)))
                if fact.amount is not None:
                    add(fact, "average_deal_size", fact.amount)
                    add(fact, "won_amount", fact.amount)
        visits = fact.life.visits
        for place, visit in enumerate(visits[:-1]):
            if visit.stage.status == "open" and visit.exited and start <= day(visit.exited) <= end:
                after = visits[place + 1].stage
                further = after.status == "won" or (after.status == "open" and after.order > visit.stage.order)
                add(fact, "stage_conversion", Decimal(further), visit.stage.pipeline, visit.stage.key)
    for row in acts:
        if start <= row["activity_date"] <= end:
            for metric in ACTIVITIES:
                for dimension, value in (("all", "all"), ("team", row["team"] or NONE), ("rep", row["rep_id"] or NONE)):
                    if row[metric]:
                        own = span.sums[(metric, None, None, dimension, value)]
                        own.total += row[metric]
                        own.observations += row[metric]
    return span


SHARES = ("win_rate", "stage_conversion", "average_deal_size", "sales_cycle_days")


def _rows(facts: Facts, now: Span, before: Span) -> list[Row]:
    found = []
    is_known = before.start >= facts.first_day
    of_speed = _velocities(facts, now, before)
    for place in {*now.sums, *before.sums, *of_speed}:
        metric, pipeline, stage, dimension, value = place
        key = {"metric": metric, "pipeline": pipeline, "stage": stage, "scope": scope_of(dimension), "scope_id": value}
        one, other = now.sums.get(place, Sum()), before.sums.get(place, Sum())
        if metric == "velocity":
            values = of_speed[place]
            one = now.sums.get(("won_opportunities", None, None, dimension, value), Sum())
            other = before.sums.get(("won_opportunities", None, None, dimension, value), Sum())
        else:
            values = (_value(metric, one, now), _value(metric, other, before))
        row: Row = {**key, "observations": one.observations, "value": values[0]}
        if is_known:
            row |= {"before_observations": other.observations, "before_value": values[1], "difference": _less(*values)}
            row |= _contribution(place, now, before, values)
        found.append(row)
    return found


def _value(metric: str, own: Sum, span: Span) -> float | None:
    if metric in SHARES:
        return float(own.total) / own.observations if own.observations else None
    return float(own.total) / span.working_days if span.working_days else None


def _velocities(facts: Facts, now: Span, before: Span) -> dict[Any, tuple[float | None, float | None]]:
    members: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts.living:
        for dimension, (value, _) in fact.cuts.items():
            members[(dimension, value)].append(fact)
    found = {}
    for (dimension, value), deals in members.items():
        own = Columns(facts, deals)
        speeds = [own.between(span.start, span.end)["velocity_per_day"] for span in (now, before)]
        # A velocity is published with four digits, and its difference is of those.
        now_told, before_told = (round(speed, 4) if speed is not None else None for speed in speeds)
        found[("velocity", None, None, dimension, value)] = (now_told, before_told)
    return found


def _less(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None else None


def _contribution(place: Any, now: Span, before: Span, values: tuple[float | None, float | None]) -> Row:
    """By the change of its own value at its mean share, and by that of its share at how far its mean value lies from the company's."""
    metric, pipeline, stage, dimension, _ = place
    names = ("contribution", "contribution_own", "contribution_mix")
    whole = (metric, pipeline, stage, "all", "all")
    all_now, all_before = now.sums.get(whole, Sum()), before.sums.get(whole, Sum())
    if dimension == "all" or metric == "velocity":
        return dict.fromkeys(names)
    if metric not in SHARES:
        told = _less(*values)
        return {"contribution": told, "contribution_own": told, "contribution_mix": 0.0}
    if not all_now.observations or not all_before.observations:
        return dict.fromkeys(names)
    share: Callable[[Span, Sum], float] = lambda span, of: span.sums.get(place, Sum()).observations / of.observations  # noqa: E731
    w_1, w_0 = share(now, all_now), share(before, all_before)
    v_1 = values[0] if values[0] is not None else values[1]
    v_0 = values[1] if values[1] is not None else values[0]
    if v_1 is None or v_0 is None:
        return dict.fromkeys(names, 0.0)
    whole_mean = (float(all_now.total) / all_now.observations + float(all_before.total) / all_before.observations) / 2
    own = (w_1 + w_0) / 2 * (v_1 - v_0)
    mix = (w_1 - w_0) * ((v_1 + v_0) / 2 - whole_mean)
    return {"contribution": own + mix, "contribution_own": own, "contribution_mix": mix}
