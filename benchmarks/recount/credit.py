"""fct_won_credit: who found, worked and closed a won deal.

Belongs here: owners over time and the config's weights. Does not belong here: hand-offs and waiting.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from benchmarks.recount.facts import Fact, Facts
from benchmarks.recount.records import UNKNOWN

Row = dict[str, Any]
WEIGHTS = {"sourced": 0.2, "worked": 0.3, "closed": 0.5}


def credits_of_wins(facts: Facts) -> list[Row]:
    weights = {**WEIGHTS, **(facts.company.raw.get("credit") or {})}
    leads = {(lead.system, lead.id): lead for lead in facts.leads}
    found = []
    for fact in facts.living:
        closed = fact.life.closed_at
        if fact.life.status != "won" or closed is None:
            continue
        owners = owners_of(fact)
        lead = leads.get((fact.system, fact.life.deal.lead or ""))
        source = lead.owner if lead is not None and lead.owner else owners[0][1]
        parts = [
            ("sourced", source, 1.0),
            *(("worked", rep, part) for rep, part in _by_time(fact, owners, closed)),
            ("closed", _owner_at(owners, closed), 1.0),
        ]
        day = facts.company.day(closed)
        for part, rep, own in parts:
            share = own * weights[part]
            if share <= 0:
                continue
            found.append(
                {
                    "source_system": fact.system,
                    "opportunity_id": fact.id,
                    "part": part,
                    "rep_id": rep,
                    "rep_name": person.name if (person := facts.people.get((fact.system, rep or ""))) else None,
                    "team": facts.team_on(fact.system, rep, day),
                    "pod": facts.pod_on(fact.system, rep, day),
                    "closed_on": day,
                    "share": share,
                    "credited_amount": fact.amount * Decimal(str(share)) if fact.amount is not None else None,
                }
            )
    return found


def owners_of(fact: Fact) -> list[tuple[datetime, str | None]]:
    """From when who owned it; the first known owner stands for the time before."""
    deal = fact.life.deal
    told = [
        (row.at, row.owner)
        for row in sorted(deal.history, key=lambda row: (row.at, row.stage.order))
        if row.owner is not UNKNOWN
    ]
    if not told:
        for version in deal.versions:
            if not told or told[-1][1] != version.told.owner:
                told.append(
                    (
                        version.updated if told and version.updated and version.updated > told[-1][0] else version.at,
                        version.told.owner,
                    )
                )
    known = next((owner for _, owner in told if owner is not None), None)
    return [(fact.life.created, told[0][1] or known), *told[1:]]


def _owner_at(owners: list[tuple[datetime, str | None]], moment: datetime) -> str | None:
    found = owners[0][1]
    for at, owner in owners:
        if at <= moment:
            found = owner
    return found


def _by_time(fact: Fact, owners: list[tuple[datetime, str | None]], closed: datetime) -> list[tuple[str | None, float]]:
    spent: dict[str | None, float] = {}
    for visit in fact.life.visits:
        if visit.stage.status != "open":
            continue
        begin, end = visit.entered, visit.exited or closed
        for place, (at, owner) in enumerate(owners):
            until = owners[place + 1][0] if place + 1 < len(owners) else closed
            since = at if place else begin
            seconds = (min(until, end) - max(since, begin)).total_seconds()
            if seconds > 0:
                spent[owner] = spent.get(owner, 0.0) + seconds
    total = sum(spent.values())
    if not total:
        return [(_owner_at(owners, closed), 1.0)]
    return [(owner, seconds / total) for owner, seconds in spent.items()]
