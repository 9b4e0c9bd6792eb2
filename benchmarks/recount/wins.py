"""fct_win_cohort: of the deals that a month created, how many were won within 30, 60 and 90 days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from benchmarks.recount.facts import Fact, Facts, scope_of
from benchmarks.recount.rates import share, wilson

Row = dict[str, Any]


def win_cohorts(facts: Facts) -> list[Row]:
    cohorts: dict[tuple[date, str, str, str], list[Fact]] = defaultdict(list)
    for fact in facts.living:
        month = facts.company.day(fact.life.created).replace(day=1)
        for dimension, (value, name) in fact.cuts.items():
            cohorts[(month, scope_of(dimension), value, name)].append(fact)
    found = []
    for (month, scope, scope_id, name), members in cohorts.items():
        row: Row = {"cohort_month": month, "scope": scope, "scope_id": scope_id, "scope_name": name, "created": len(members)}
        for days in (30, 60, 90):
            row |= _within(facts, members, days)
        found.append(row)
    return found


def _within(facts: Facts, members: list[Fact], days: int) -> Row:
    """Only deals that were watched for so many days are asked."""
    watched = [fact for fact in members if (facts.as_of - facts.company.day(fact.life.created)).days >= days]
    won = sum(fact.life.status == "won" and _age_at_close(facts, fact) <= days for fact in watched)
    low, high = wilson(won, len(watched))
    return {
        f"watched_{days}_days": len(watched),
        f"too_young_{days}_days": len(members) - len(watched),
        f"won_within_{days}_days": won if watched else None,
        f"win_rate_{days}_days": share(won, len(watched)),
        f"win_rate_{days}_days_low": low,
        f"win_rate_{days}_days_high": high,
    }


def _age_at_close(facts: Facts, fact: Fact) -> int:
    assert fact.life.closed_at is not None
    return (facts.company.day(fact.life.closed_at) - facts.company.day(fact.life.created)).days
