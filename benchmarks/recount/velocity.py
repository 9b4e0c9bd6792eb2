"""fct_velocity: opportunities × win rate × average deal size ÷ sales cycle, per period and part of the company, and its change.

Opportunities are the mean number open over the period's days (Little's law): a deal is open at the end of each day from its creation to
the day before it closed. `definitions.velocity_opportunities: any_moment` is the other reading: all that were open at any moment.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.recount.facts import Fact, Facts, scope_of
from benchmarks.recount.rates import quantile, share, shapley, wilson

Row = dict[str, Any]
PERIODS = ("week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year")
NAMES = ("contribution_opportunities", "contribution_win_rate", "contribution_deal_size", "contribution_sales_cycle")
ONE_DAY = timedelta(days=1)


def velocity(facts: Facts, reading: str = "mean_open") -> list[Row]:
    reading = facts.company.definitions.get("velocity_opportunities") or reading
    members: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    names: dict[tuple[str, str], str] = {}
    for person in facts.people.values():
        names[("rep", person.id)] = person.name or person.id
    for fact in facts.living:
        for dimension, (value, name) in fact.cuts.items():
            place = (scope_of(dimension), value)
            members[place].append(fact)
            names[place] = name
    first = min(min(fact.life.days) for fact in facts.living or facts.deals)
    found = []
    for (scope, scope_id), name in names.items():
        own = Columns(facts, members[(scope, scope_id)])
        for kind in PERIODS:
            start = facts.company.period_start(kind, first)
            earlier: Row | None = None
            while start <= facts.as_of:
                after = facts.company.next_period(kind, start)
                last = min(after - ONE_DAY, facts.as_of)
                row = own.between(start, last, reading)
                against = earlier
                if after - ONE_DAY > facts.as_of and earlier is not None:
                    # A period that is not over is compared with the same first days of the one before.
                    begin = earlier["period_start"]
                    against = own.between(begin, min(begin + (last - start), earlier["period_end"]), reading)
                row |= {
                    "period_type": kind, "period_start": start, "period_end": after - ONE_DAY, "is_complete": after - ONE_DAY <= facts.as_of,
                    "scope": scope, "scope_id": scope_id, "scope_name": name, **_change(row, against),
                }  # fmt: skip
                found.append(row)
                earlier, start = row, after
    return found


class Columns:
    """Deals as columns of days, so that a period is a comparison."""

    def __init__(self, facts: Facts, deals: list[Fact]) -> None:
        self.deals = deals
        day = facts.company.day
        self.created = [day(fact.life.created) for fact in deals]
        self.closed = [day(fact.life.closed_at) if fact.life.closed_at else None for fact in deals]
        self.opened = np.array([on.toordinal() for on in self.created], dtype=int)
        # Days on which it came to be open, and on which it was no more: a deal that was closed and reopened has two stays.
        runs = [run for fact in deals for run in _open_runs(facts, fact)]
        self.from_day = np.array([run[0] for run in runs], dtype=int)
        self.to_day = np.array([run[1] for run in runs], dtype=int)
        self.of_deal = np.array([run[2] for run in runs])
        self.ended = np.array([on.toordinal() if on else 10**7 for on in self.closed], dtype=int)

    def between(self, start: date, last: date, reading: str) -> Row:
        first, end = start.toordinal(), last.toordinal()
        if reading == "any_moment":
            opportunities: float = len(set(self.of_deal[(self.from_day <= end) & (self.to_day >= first)]))
        else:
            days = np.minimum(self.to_day - 1, end) - np.maximum(self.from_day, first) + 1
            opportunities = float(np.clip(days, 0, None).sum()) / (end - first + 1)
        closing = np.flatnonzero((self.ended >= first) & (self.ended <= end))
        won = [place for place in closing if self.deals[place].life.status == "won"]
        lost = [place for place in closing if self.deals[place].life.status == "lost"]
        amounts = [amount for place in won if (amount := self.deals[place].amount) is not None]
        lost_amounts = [amount for place in lost if (amount := self.deals[place].amount) is not None]
        cycles = [max(0, (self.ended[place] - self.opened[place])) for place in won]
        low, high = wilson(len(won), len(won) + len(lost))
        rate = share(len(won), len(won) + len(lost))
        size = sum(amounts, Decimal(0)) / len(amounts) if amounts else None
        cycle = float(np.mean(cycles)) if cycles else None
        of_both = sum(amounts, Decimal(0)) + sum(lost_amounts, Decimal(0))
        is_known = rate is not None and size is not None and cycle
        return {
            "opportunities": opportunities, "won": len(won), "lost": len(lost), "closed": len(won) + len(lost), "win_rate": rate,
            "win_rate_low": low, "win_rate_high": high, "won_amount": sum(amounts, Decimal(0)) if amounts else None,
            "lost_amount": sum(lost_amounts, Decimal(0)) if lost_amounts else None,
            "win_rate_by_amount": float(sum(amounts, Decimal(0)) / of_both) if of_both else None, "won_without_amount": len(won) - len(amounts),
            "average_deal_size": size, "sales_cycle_days": cycle, "sales_cycle_days_median": quantile(cycles, 0.5),
            "sales_cycle_days_p90": quantile(cycles, 0.9),
            "velocity_per_day": opportunities * (rate or 0) * float(size or 0) / (cycle or 1) if is_known else None,
        }  # fmt: skip


def _open_runs(facts: Facts, fact: Fact) -> list[tuple[int, int, str]]:
    day = facts.company.day
    return [
        (day(visit.entered).toordinal(), day(visit.exited).toordinal() if visit.exited else 10**7, fact.id)
        for visit in fact.life.visits
        if visit.stage.status == "open"
    ] or [(day(fact.life.created).toordinal(), day(fact.life.created).toordinal(), fact.id)]


def _change(row: Row, before: Row | None) -> Row:
    earlier = before["velocity_per_day"] if before else None
    told: Row = {"previous_velocity_per_day": earlier, "velocity_change": None, **dict.fromkeys(NAMES)}
    if before is not None and earlier is not None and row["velocity_per_day"] is not None:
        told["velocity_change"] = row["velocity_per_day"] - earlier
        told |= dict(zip(NAMES, shapley(_factors(row), _factors(before)), strict=True))
    return told


def _factors(row: Row) -> list[float]:
    return [row["opportunities"], row["win_rate"], float(row["average_deal_size"]), 1 / row["sales_cycle_days"]]
