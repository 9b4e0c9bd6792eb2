"""fct_pipeline_daily, fct_pipeline_movement, fct_pipeline_bridge: what was open at the ends of days and periods, and what came between.

Belongs here: the states of a deal at two moments, and the words for what lies between them. Does not belong here: rates of anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from benchmarks.recount.company import Stage
from benchmarks.recount.facts import Fact, Facts, money, scope_of, worth
from benchmarks.recount.life import Step
from benchmarks.recount.records import UNKNOWN

Row = dict[str, Any]
ONE_DAY = timedelta(days=1)
PERIODS = ("week", "month", "quarter", "fiscal_quarter")


@dataclass(frozen=True)
class Passage:
    """A deal over a span of days: where it stood when the span began, where when it ended, and how it came and left."""

    fact: Fact
    before: Step | None
    after: Step
    steps: list[Step]
    came_as: str | None
    left_as: str | None
    passed: Step | None

    @property
    def was_open(self) -> bool:
        return self.before is not None and self.before.status == "open"

    @property
    def is_open(self) -> bool:
        return self.after.status == "open"

    @property
    def left_amount(self) -> Decimal:
        """With its last amount; a deleted one with what it had."""
        return worth(self.after)

    @property
    def amount_change(self) -> Decimal:
        if not self.was_open or self.before is None:
            return Decimal(0)
        return (worth(self.after) if self.is_open else self.left_amount) - worth(self.before)


def passage(fact: Fact, first: date, last: date) -> Passage | None:
    """What happened to a deal from the end of the day before `first` to the end of `last`; None if it was not there."""
    days, steps = fact.life.days, fact.life.steps
    begin, end = bisect_right(days, first - ONE_DAY), bisect_right(days, last)
    before = steps[begin - 1] if begin else None
    within = steps[begin:end]
    if before is None and not within:
        return None
    after = within[-1] if within else before
    assert after is not None
    was_open, is_open = before is not None and before.status == "open", after.status == "open"
    opened = [step for step in within if step.status == "open"]
    is_new = before is None
    # Told as closed from its first moment, it was open for no time.
    passed = bool(opened) or (is_new and after.status in ("won", "lost"))
    came = left = None
    if not was_open and passed:
        came = "created" if is_new else "reopened"
    if not is_open and (was_open or came):
        left = after.status
    through = opened[-1] if opened else before if was_open or not within else within[0]
    return Passage(fact, before, after, within, came, left, through)


def daily(facts: Facts) -> list[Row]:
    stages = _open_stages(facts)
    table: dict[tuple[date, tuple[str, str, str]], Row] = defaultdict(lambda: defaultdict(Decimal))
    standing: dict[tuple[str, str, str], list[tuple[date, date, Decimal, Fact]]] = defaultdict(list)
    for fact in facts.deals:
        for day in sorted(set(fact.life.days)):
            if day <= facts.as_of:
                _add_day(facts, table, passage(fact, day, day), day)
        _add_standing(facts, standing, fact)
    known_since = close_dates_known_since(facts)
    first_days: dict[tuple[str, str], date] = {}
    for fact in facts.deals:
        for day, step in zip(fact.life.days, fact.life.steps, strict=True):
            where = (fact.system, step.stage.pipeline)
            first_days[where] = min(first_days.get(where, day), day)
    found = []
    for (system, pipeline, name), stage in stages.items():
        place = (system, pipeline, name)
        opening_count, opening_amount = Decimal(0), Decimal(0)
        slips = _slips(standing[place], facts)
        for day in _days(first_days[(system, pipeline)], facts.as_of):
            row = table.get((day, place), {})
            counted = {f"{word}_count": int(row.get(f"{word}_count", 0)) for word in _WORDS}
            amounts = {f"{word}_amount": Decimal(row.get(f"{word}_amount", 0)) for word in (*_WORDS, "amount_change")}
            open_count = (
                opening_count
                + sum(counted[f"{word}_count"] for word in _IN)
                - sum(counted[f"{word}_count"] for word in _OUT)
            )
            open_amount = opening_amount + amounts["amount_change_amount"]
            open_amount += sum(amounts[f"{word}_amount"] for word in _IN) - sum(amounts[f"{word}_amount"] for word in _OUT)
            is_known = known_since.get(system) is not None and day >= known_since[system]
            dated = {
                "slipped_count": slips[day][0],
                "slipped_amount": slips[day][1],
                "pushed_count": int(row.get("pushed_count", 0)),
                "pushed_amount": Decimal(row.get("pushed_amount", 0)),
                "pulled_in_count": int(row.get("pulled_in_count", 0)),
                "pulled_in_amount": Decimal(row.get("pulled_in_amount", 0)),
            }
            found.append(
                {
                    "date_day": day,
                    "source_system": system,
                    "pipeline": pipeline,
                    "stage": name,
                    "stage_order": stage.order,
                    "opening_count": int(opening_count),
                    "opening_amount": opening_amount,
                    **counted,
                    **amounts,
                    "open_count": int(open_count),
                    "open_amount": open_amount,
                    "weighted_amount": money(open_amount, Decimal(str(stage.probability)))
                    if stage.probability is not None
                    else None,
                    **(dated if is_known else dict.fromkeys(dated)),
                    "is_unfinished": day == facts.as_of,
                }
            )
            opening_count, opening_amount = open_count, open_amount
    return found


_IN = ("created", "advanced_in", "moved_back_in", "transferred_in", "reopened")
_OUT = ("advanced_out", "moved_back_out", "transferred_out", "won", "lost", "deleted")
_WORDS = (*_IN, *_OUT)


@cache
def movements(facts: Facts) -> list[Row]:
    found = []
    known_since = close_dates_known_since(facts)
    for fact in facts.deals:
        for kind in PERIODS:
            for start, after in _periods(facts, kind, fact.life.days[0]):
                end = after - ONE_DAY
                seen = passage(fact, start, min(end, facts.as_of))
                if seen is None or not (seen.was_open or seen.came_as):
                    continue
                since = known_since.get(fact.system)
                is_known = since is not None and (
                    start >= since or since <= facts.company.period_start(kind, facts.first_day)
                )
                found.append(_movement(facts, seen, kind, start, end, is_known))
    return found


def _movement(facts: Facts, seen: Passage, kind: str, start: date, end: date, is_known: bool) -> Row:
    before, after, fact = seen.before, seen.after, seen.fact
    assert seen.passed is not None
    entered = (worth(after) if seen.is_open else seen.left_amount) if seen.came_as else None
    left = seen.left_amount if seen.left_as else None
    change = seen.amount_change if seen.was_open else None
    at_start = worth(before) if seen.was_open and before else None
    at_end = worth(after) if seen.is_open else None
    pipeline = (after if seen.is_open else seen.passed).stage.pipeline
    return {
        "source_system": fact.system,
        "opportunity_id": fact.id,
        "period_type": kind,
        "period_start": start,
        "period_end": end,
        "is_complete": end <= facts.as_of and start >= facts.stages_known_from,
        "pipeline": pipeline,
        "movement": _word(facts, seen, kind, start, end, is_known),
        "entered_as": seen.came_as,
        "left_as": seen.left_as,
        "stage_at_start": before.stage.key if before is not None else None,
        "stage_at_end": after.stage.key if seen.is_open else None,
        "amount_at_start": at_start,
        "amount_at_end": at_end,
        "count_delta": int(seen.is_open) - int(seen.was_open),
        "amount_delta": (at_end or Decimal(0)) - (at_start or Decimal(0)),
        "entered_amount": entered,
        "left_amount": left,
        "amount_change": change,
        "expected_close_at_start": before.expected if seen.was_open and before else None,
        "expected_close_at_end": after.expected if seen.is_open else None,
        "is_close_date_known": is_known,
    }


def _word(facts: Facts, seen: Passage, kind: str, start: date, end: date, is_known: bool) -> str:
    if seen.came_as == "created":
        return "created"
    if seen.left_as:
        return seen.left_as
    if seen.came_as:
        return seen.came_as
    before, after = seen.before, seen.after
    assert before is not None
    period = facts.company.period_start
    if is_known and after.expected is not None and before.expected is not None:
        was, now = period(kind, before.expected), period(kind, after.expected)
        if (
            facts.company.definitions.get("slipped") == "not_closed"
            and now <= end
            and start <= after.expected <= min(end, facts.as_of)
        ):
            return "slipped"
        if now != was:
            return "pushed" if now > was else "pulled_in"
    if is_known and after.expected is not None and start <= after.expected <= min(end, facts.as_of):
        return "slipped"
    if before.stage.pipeline != after.stage.pipeline:
        return "changed_pipeline"
    if before.stage.order != after.stage.order:
        return "advanced" if after.stage.order > before.stage.order else "moved_back"
    if worth(after) != worth(before):
        return "expanded" if worth(after) > worth(before) else "contracted"
    return "unchanged"


def bridges(facts: Facts, moved: list[Row]) -> list[Row]:
    """The movements added up: by pipeline, and by everything that a deal belongs to today."""
    cuts = {(fact.system, fact.id): fact for fact in facts.deals}
    sums: dict[tuple[str, date, str, str, str], Row] = defaultdict(lambda: defaultdict(Decimal))
    names: dict[tuple[str, str, str], str] = {}
    first: dict[tuple[str, str, str, str], date] = {}
    ends: dict[tuple[str, date], tuple[date, bool]] = {}
    known: dict[tuple[str, date, str], list[bool]] = defaultdict(list)
    for row in moved:
        fact = cuts[(row["source_system"], row["opportunity_id"])]
        kind, start = row["period_type"], row["period_start"]
        ends[(kind, start)] = (row["period_end"], row["is_complete"])
        seen = passage(fact, start, min(row["period_end"], facts.as_of))
        assert seen is not None
        for dimension, (value, name) in fact.cuts.items():
            if dimension == "pipeline":
                continue
            scope = scope_of(dimension)
            for pipeline, parts in _parts(row, seen):
                place = (kind, start, pipeline, scope, value)
                names[(pipeline, scope, value)] = name
                known[(kind, start, pipeline)].append(row["is_close_date_known"])
                key = (kind, pipeline, scope, value)
                first[key] = min(first.get(key, start), start)
                for part, amount in parts.items():
                    sums[place][f"{part}_count"] += 1
                    sums[place][f"{part}_amount"] += amount
    since = close_dates_known_since(facts)
    systems = {fact.life.last.stage.pipeline: fact.system for fact in facts.deals}
    found = []
    for (kind, pipeline, scope, value), begin in first.items():
        for start, after in _periods(facts, kind, begin):
            row = sums.get((kind, start, pipeline, scope, value), {})
            end = after - ONE_DAY
            told = since.get(systems.get(pipeline, ""))
            is_known = told is not None and (start >= told or told <= facts.company.period_start(kind, facts.first_day))
            counts = {f"{word}_count": int(row.get(f"{word}_count", 0)) for word in _BRIDGE}
            amounts = {f"{word}_amount": Decimal(row.get(f"{word}_amount", 0)) for word in (*_BRIDGE, "amount_change")}
            made = {**counts, **amounts}
            if not is_known:
                made |= {
                    f"{word}_{what}": None for word in ("pushed", "pulled_in", "slipped") for what in ("count", "amount")
                }
            found.append(
                {
                    "period_type": kind,
                    "period_start": start,
                    "period_end": end,
                    "is_complete": end <= facts.as_of and start >= facts.stages_known_from,
                    "pipeline": pipeline,
                    "scope": scope,
                    "scope_id": value,
                    "scope_name": names[(pipeline, scope, value)],
                    **made,
                }
            )
    return found


_BRIDGE = (
    "opening",
    "created",
    "reopened",
    "transferred_in",
    "transferred_out",
    "won",
    "lost",
    "deleted",
    "closing",
    "pushed",
    "pulled_in",
    "slipped",
    "advanced",
    "moved_back",
    "expanded",
    "contracted",
)


def _parts(row: Row, seen: Passage) -> Iterator[tuple[str, dict[str, Decimal]]]:
    """What a deal's movement adds to the bridge of which pipeline. One that changed pipelines leaves one and comes to the other."""
    parts: dict[str, Decimal] = {}
    start_pipeline = seen.before.stage.pipeline if seen.was_open and seen.before else row["pipeline"]
    if row["entered_as"]:
        parts[row["entered_as"]] = row["entered_amount"]
    if row["left_as"]:
        parts[row["left_as"]] = row["left_amount"]
    if seen.is_open:
        parts["closing"] = row["amount_at_end"]
    if row["movement"] in _BRIDGE[9:] and seen.is_open and not row["entered_as"]:
        parts[row["movement"]] = row["amount_at_end"]
    if start_pipeline != row["pipeline"]:
        opening = row["amount_at_start"]
        yield start_pipeline, {"opening": opening, "transferred_out": opening}
        yield row["pipeline"], {**parts, "transferred_in": opening, "amount_change": row["amount_change"]}
        return
    if seen.was_open:
        parts["opening"] = row["amount_at_start"]
        parts["amount_change"] = row["amount_change"]
    yield row["pipeline"], parts


def close_dates_known_since(facts: Facts) -> dict[str, date]:
    """Since when a system tells how the expected close date changed: from where its history begins, or its second extract."""
    found: dict[str, date] = {}
    for system in facts.records:
        deals = [fact for fact in facts.deals if fact.system == system]
        told = [
            min(each.at for each in fact.life.deal.history)
            for fact in deals
            if any(each.expected is not UNKNOWN and each.expected is not None for each in fact.life.deal.history)
        ]
        if told:
            found[system] = facts.company.day(min(told))
            continue
        dated = [
            fact
            for fact in deals
            if any(version.told.expected not in (UNKNOWN, None) for version in fact.life.deal.versions)
        ]
        if dated and not any(fact.life.deal.history for fact in deals):
            found[system] = min(version.on for fact in dated for version in fact.life.deal.versions)
    return found


def _add_day(facts: Facts, table: Any, seen: Passage | None, day: date) -> None:
    if seen is None:
        return
    system = seen.fact.system

    def add(step: Step, word: str, amount: Decimal) -> None:
        row = table[(day, (system, step.stage.pipeline, step.stage.key))]
        if word != "amount_change":
            row[f"{word}_count"] += 1
        row[f"{word}_amount"] += amount

    before, after, through = seen.before, seen.after, seen.passed
    assert through is not None
    if seen.came_as:
        add(after if seen.is_open else through, seen.came_as, worth(after) if seen.is_open else seen.left_amount)
    if seen.left_as:
        where = before if seen.was_open and before else through
        add(where, seen.left_as, seen.left_amount)
        if seen.was_open and seen.amount_change:
            add(where, "amount_change", seen.amount_change)
    if seen.was_open and seen.is_open and before:
        place = (before.stage.pipeline, before.stage.key)
        if place != (after.stage.pipeline, after.stage.key):
            word = "advanced" if _is_further(before.stage, after.stage) else "moved_back"
            word = word if place[0] == after.stage.pipeline else "transferred"
            add(before, f"{word}_out", worth(before))
            add(after, f"{word}_in", worth(before))
        if seen.amount_change:
            add(after, "amount_change", seen.amount_change)
        if before.expected is not None and after.expected is not None and before.expected != after.expected:
            add(after, "pushed" if after.expected > before.expected else "pulled_in", worth(after))


def _is_further(one: Stage, other: Stage) -> bool:
    return other.order > one.order


def _add_standing(facts: Facts, standing: Any, fact: Fact) -> None:
    """Runs of days at whose end a deal is open in one stage with one expected close: (first, last, amount, deal)."""
    days, steps = fact.life.days, fact.life.steps
    for place, (day, step) in enumerate(zip(days, steps, strict=True)):
        until = days[place + 1] - ONE_DAY if place + 1 < len(days) else facts.as_of
        if until < day or step.status != "open" or step.expected is None:
            continue
        standing[(fact.system, step.stage.pipeline, step.stage.key)].append(
            (day, min(until, facts.as_of), worth(step), step.expected)
        )


def _slips(runs: list[tuple[date, date, Decimal, Any]], facts: Facts) -> dict[date, tuple[int, Decimal]]:
    """An expected close passes at the end of its day, if the deal is open then."""
    found: dict[date, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for first, last, amount, expected in runs:
        if first <= expected <= last:
            count, sum_of = found[expected]
            found[expected] = (count + 1, sum_of + amount)
    return found


def _open_stages(facts: Facts) -> dict[tuple[str, str, str], Stage]:
    found: dict[tuple[str, str, str], Stage] = {}
    used = {(fact.system, step.stage.pipeline) for fact in facts.deals for step in fact.life.steps}
    for system, records in facts.records.items():
        for stage in records.stages:
            if stage.status == "open" and (system, stage.pipeline) in used:
                found[(system, stage.pipeline, stage.key)] = stage
    for fact in facts.deals:
        for step in fact.life.steps:
            if step.stage.status == "open":
                found.setdefault((fact.system, step.stage.pipeline, step.stage.key), step.stage)
    return found


def _periods(facts: Facts, kind: str, first: date) -> Iterator[tuple[date, date]]:
    start = facts.company.period_start(kind, first)
    while start <= facts.as_of:
        after = facts.company.next_period(kind, start)
        yield start, after
        start = after


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
