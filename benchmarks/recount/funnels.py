"""fct_stage_funnel and fct_lead_funnel: cohorts, and how many of them came how far.

Belongs here: entering a stage, skipping it, getting beyond it; leads by person and what became of them.
Does not belong here: the estimates (estimates.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.recount.company import months_later
from benchmarks.recount.estimates import Watched, aalen_johansen
from benchmarks.recount.facts import NONE, Fact, Facts, scope_of
from benchmarks.recount.people import Matched, matched
from benchmarks.recount.rates import quantile, share, wilson

Row = dict[str, Any]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """A deal that first came to a stage, or first went past it."""

    fact: Fact
    stage: str
    order: int
    at: datetime
    is_visited: bool
    advanced_at: datetime | None


def stage_funnel(facts: Facts) -> list[Row]:
    cohorts: dict[tuple[date, str, str, int, str, str], list[Entry]] = defaultdict(list)
    stages: dict[str, dict[str, int]] = defaultdict(dict)
    for records in facts.records.values():
        for stage in records.stages:
            if stage.status == "open":
                stages[stage.pipeline][stage.key] = stage.order
    for fact in facts.living:
        for visit in fact.life.visits:
            if visit.stage.status == "open":
                stages[visit.stage.pipeline][visit.stage.key] = visit.stage.order
    for fact in facts.living:
        for pipeline in {visit.stage.pipeline for visit in fact.life.visits}:
            for name, order in stages[pipeline].items():
                entry = _entry(fact, pipeline, name, order)
                if entry is None:
                    continue
                month = facts.company.day(entry.at).replace(day=1)
                for dimension, (value, _) in fact.cuts.items():
                    cohorts[(month, pipeline, name, order, dimension, value)].append(entry)
    found = []
    for key, members in cohorts.items():
        month, *place = key
        others = [entry for number in range(1, 13) for entry in cohorts.get((months_later(month, -number), *place), [])]  # type: ignore[arg-type]
        names = {entry.fact.cuts[key[4]][1] for entry in members}
        row = _cohort(*key, members) | {"scope_name": names.pop()} | _eventual(facts, members, others)
        found.append(row)
    return found


UNRESOLVED = 0.2


def _eventual(facts: Facts, members: list[Entry], others: list[Entry]) -> Row:
    day = facts.company.day
    youngest = _age_of_the_youngest(facts, day(members[0].at))
    told = aalen_johansen(
        [_watched(facts, entry) for entry in members], [_watched(facts, entry) for entry in others], youngest
    )
    names = ("eventual_conversion_rate", "eventual_conversion_rate_low", "eventual_conversion_rate_high")
    if told is None:
        return {
            **dict.fromkeys(names),
            "eventual_unresolved": None,
            "eventual_missing_reason": "nobody has left the stage yet",
        }
    if told.unresolved > UNRESOLVED + 1e-9:
        reason = "too young: too many are still in the stage"
        return {**dict.fromkeys(names), "eventual_unresolved": told.unresolved, "eventual_missing_reason": reason}
    return {
        **dict(zip(names, (told.rate, told.low, told.high), strict=True)),
        "eventual_unresolved": told.unresolved,
        "eventual_missing_reason": None,
    }


def _watched(facts: Facts, entry: Entry) -> Watched:
    day = facts.company.day
    since = day(entry.at)
    if entry.advanced_at is not None:
        return Watched((day(entry.advanced_at) - since).days, "advanced")
    closed = entry.fact.life.closed_at
    if entry.fact.life.status == "lost" and closed is not None:
        return Watched(max((day(closed) - since).days, 0), "lost")
    return Watched((facts.as_of - since).days, None)


def _entry(fact: Fact, pipeline: str, stage: str, order: int) -> Entry | None:
    visits = fact.life.visits
    final = len(visits) - 1
    beyond = None
    came = None
    visited = False
    for place, visit in enumerate(visits):
        # A win that was taken back went past the stage, and is no advance.
        was_won = visit.stage.status == "won"
        is_won = was_won and place == final and fact.life.status == "won"
        here = visit.stage.pipeline == pipeline
        if came is None:
            if here and visit.stage.key == stage:
                came, visited = visit.entered, True
            elif here and visit.stage.status == "open" and visit.stage.order > order:
                came = beyond = visit.entered
            elif was_won and _was_in(visits, place, pipeline):
                came, beyond = visit.entered, visit.entered if is_won else None
        elif beyond is None and ((here and visit.stage.status == "open" and visit.stage.order > order) or is_won):
            beyond = visit.entered
    return None if came is None else Entry(fact, stage, order, came, visited, beyond)


def _was_in(visits: list[Any], place: int, pipeline: str) -> bool:
    return any(visit.stage.pipeline == pipeline for visit in visits[: place + 1])


def _cohort(month: date, pipeline: str, stage: str, order: int, dimension: str, value: str, members: list[Entry]) -> Row:
    advanced = [entry for entry in members if entry.advanced_at is not None]
    low, high = wilson(len(advanced), len(members))
    others = [entry for entry in members if entry.advanced_at is None]
    return {
        "cohort_month": month,
        "pipeline": pipeline,
        "stage": stage,
        "stage_order": order,
        "scope": scope_of(dimension),
        "scope_id": value,
        "entered": len(members),
        "visited": sum(entry.is_visited for entry in members),
        "skipped": sum(not entry.is_visited for entry in members),
        "advanced": len(advanced),
        "lost": sum(entry.fact.life.status == "lost" for entry in others),
        "still_open": sum(entry.fact.life.status == "open" for entry in others),
        "conversion_rate": share(len(advanced), len(members)),
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "median_days_to_advance": quantile(
            [(entry.advanced_at - entry.at) / DAY for entry in advanced if entry.advanced_at], 0.5
        ),
    }


def lead_funnel(facts: Facts) -> list[Row]:
    people = [person for person in matched(facts) if person.lead is not None]
    tells = {system: any(lead.tells_qualified for lead in records.leads) for system, records in facts.records.items()}
    cohorts: dict[tuple[date, str, str], list[Matched]] = defaultdict(list)
    for person in people:
        lead = person.lead
        assert lead is not None
        day = facts.company.day(lead.created)
        cuts = {
            "all": "all",
            "source": lead.source,
            "motion": facts.company.motion(lead.source),
            "team": facts.team_on(lead.system, lead.owner, day),
            "pod": facts.pod_on(lead.system, lead.owner, day),
            "rep": lead.owner,
        }
        for dimension, value in cuts.items():
            cohorts[(day.replace(day=1), dimension, value or NONE)].append(person)
    found = []
    for (month, dimension, value), members in cohorts.items():
        others = [
            person for number in range(1, 13) for person in cohorts.get((months_later(month, -number), dimension, value), [])
        ]
        first = members[0].lead
        name = value
        if dimension == "rep" and value != NONE and first is not None:
            name = facts.name_of(first.system, value) or value
        row = _leads_of(facts, month, dimension, value, members, tells) | {"scope_name": name}
        found.append(row | _eventually_won(facts, members, others))
    return found


def _eventually_won(facts: Facts, members: list[Matched], others: list[Matched]) -> Row:
    assert members[0].lead is not None
    youngest = _age_of_the_youngest(facts, facts.company.day(members[0].lead.created))
    told = aalen_johansen(
        [_followed(facts, person) for person in members], [_followed(facts, person) for person in others], youngest
    )
    names = ("eventual_won_rate", "eventual_won_rate_low", "eventual_won_rate_high")
    return dict(zip(names, (told.rate, told.low, told.high), strict=True)) if told else dict.fromkeys(names)


def _age_of_the_youngest(facts: Facts, day: date) -> int:
    """Of the youngest that a cohort can have: one of its month's last day. (The youngest that it has would do as well.)"""
    last = months_later(day.replace(day=1), 1) - DAY
    return max((facts.as_of - last).days, YOUNGEST)


YOUNGEST = 0


def _followed(facts: Facts, person: Matched) -> Watched:
    assert person.lead is not None
    since = facts.company.day(person.lead.created)
    closes = {
        status: [
            facts.company.day(fact.life.closed_at)
            for fact in person.deals
            if fact.life.status == status and fact.life.closed_at
        ]
        for status in ("won", "lost")
    }
    if closes["won"]:
        return Watched(max((min(closes["won"]) - since).days, 0), "advanced")
    if person.deals and len(closes["lost"]) == len(person.deals):
        return Watched(max((max(closes["lost"]) - since).days, 0), "lost")
    return Watched((facts.as_of - since).days, None)


def _leads_of(facts: Facts, month: date, dimension: str, value: str, members: list[Matched], tells: dict[str, bool]) -> Row:
    leads = len(members)
    with_deal = [person for person in members if person.deals]
    won = [person for person in with_deal if any(fact.life.status == "won" for fact in person.deals)]
    lost = [person for person in with_deal if all(fact.life.status == "lost" for fact in person.deals)]
    is_known = all(any(tells.get(system, False) for system in person.systems) for person in members)
    qualified = sum(person.qualified is not None or bool(person.deals) for person in members) if is_known else None
    won_deals = [fact for person in members for fact in person.deals if fact.life.status == "won"]
    amounts = [fact.amount for fact in won_deals if fact.amount is not None]
    row: Row = {
        "cohort_month": month,
        "scope": scope_of(dimension),
        "scope_id": value,
        "leads": leads,
        "qualified": qualified,
        "opportunities": len(with_deal),
        "won": len(won),
        "lost": len(lost),
        "still_open": len(with_deal) - len(won) - len(lost),
        "deals": sum(len(person.deals) for person in members),
        "won_amount": sum(amounts, Decimal(0)) if amounts else None,
        "won_without_amount": len(won_deals) - len(amounts),
    }
    for name, part, whole in (
        ("lead_to_qualified_rate", qualified, leads),
        ("lead_to_opportunity_rate", len(with_deal), leads),
        ("qualified_to_opportunity_rate", len(with_deal) if qualified is not None else None, qualified),
        ("opportunity_to_won_rate", len(won), len(with_deal)),
        ("lead_to_won_rate", len(won), leads),
    ):
        known = part is not None and whole
        low, high = wilson(part or 0, whole or 0) if known else (None, None)
        row |= {name: (part or 0) / (whole or 1) if known else None, f"{name}_low": low, f"{name}_high": high}
    row["median_days_to_qualified"] = quantile(
        [max((person.qualified - person.lead.created) / DAY, 0) for person in members if person.qualified and person.lead],
        0.5,
    )
    first = [(person, min(fact.life.created for fact in person.deals)) for person in with_deal]
    row["median_days_to_opportunity"] = quantile(
        [max((at - person.lead.created) / DAY, 0) for person, at in first if person.lead], 0.5
    )
    waits = []
    for person, at in first:
        wins = [fact.life.closed_at for fact in person.deals if fact.life.status == "won" and fact.life.closed_at]
        if wins:
            waits.append(max((min(wins) - at) / DAY, 0))
    row["median_days_opportunity_to_won"] = quantile(waits, 0.5)
    row["amount_per_lead"] = None if won_deals and not amounts else sum(amounts, Decimal(0)) / leads
    return row
