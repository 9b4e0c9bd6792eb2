"""fct_velocity: opportunities × win rate × average deal size ÷ sales cycle, per period and part of the company, and its change.

Opportunities are the mean number open over the period's time (Little's law), or, by the other setting, all that were open at
any moment of it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.recount.facts import Fact, Facts, scope_of
from benchmarks.recount.rates import quantile, shapley, share, wilson

Row = dict[str, Any]
PERIODS = ("week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year")
NAMES = ("contribution_opportunities", "contribution_win_rate", "contribution_deal_size", "contribution_sales_cycle")
ONE_DAY = timedelta(days=1)


def velocity(facts: Facts) -> list[Row]:
    members: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    names: dict[tuple[str, str], str] = {("company", "all"): "all"}
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
                row = own.between(start, last)
                against = earlier
                begin: date | None = earlier["period_start"] if earlier else None
                until: date | None = earlier["period_end"] if earlier else None
                if after - ONE_DAY > facts.as_of and begin is not None and until is not None:
                    # A period that is not over is compared with the same first days of the one before.
                    until = min(begin + (last - start), until)
                    against = own.between(begin, until)
                if until is not None and until < facts.first_day:
                    # Nothing is known of what it would be compared with.
                    against = begin = until = None
                row |= {
                    "period_type": kind,
                    "period_start": start,
                    "period_end": after - ONE_DAY,
                    "is_complete": after - ONE_DAY <= facts.as_of and start >= first,
                    "previous_start": begin,
                    "previous_end": until,
                    "scope": scope,
                    "scope_id": scope_id,
                    "scope_name": name,
                    **_change(row, against),
                }
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
        # When it came to be open, and when it was no more: a deal that was closed and reopened has two stays.
        runs = [run for fact in deals for run in _open_runs(facts, fact)]
        self.since = np.array([run[0].timestamp() for run in runs])
        self.until = np.array([run[1].timestamp() for run in runs])
        self.of_deal = np.array([run[2] for run in runs])
        self.facts = facts
        self.ended = np.array([on.toordinal() if on else 10**7 for on in self.closed], dtype=int)

    def between(self, start: date, last: date) -> Row:
        first, end = start.toordinal(), last.toordinal()
        # Only what is known counts, from the first day on.
        begin = self.facts.company.midnight(max(start, self.facts.first_day)).timestamp()
        after = self.facts.company.midnight(last + ONE_DAY).timestamp()
        spent = (
            np.clip(np.minimum(self.until, after) - np.maximum(self.since, begin), 0, None).sum() if len(self.since) else 0.0
        )
        mean_open = float(spent) / (after - begin) if after > begin else None
        is_open = (self.since < after) & (self.until >= self.facts.company.midnight(start).timestamp())
        open_in_period = len(set(self.of_deal[is_open])) if len(self.since) else 0
        reading = self.facts.company.definitions.get("velocity_opportunities") or "mean_open"
        opportunities: float = (mean_open or 0.0) if reading == "mean_open" else open_in_period
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
            "opportunities": opportunities,
            "mean_open": mean_open,
            "open_in_period": open_in_period,
            "won": len(won),
            "lost": len(lost),
            "closed": len(won) + len(lost),
            "win_rate": rate,
            "win_rate_low": low,
            "win_rate_high": high,
            "won_amount": sum(amounts, Decimal(0)) if amounts else None,
            "lost_amount": sum(lost_amounts, Decimal(0)) if lost_amounts else None,
            "win_rate_by_amount": float(sum(amounts, Decimal(0)) / of_both) if of_both else None,
            "won_without_amount": len(won) - len(amounts),
            "average_deal_size": size,
            "sales_cycle_days": cycle,
            "sales_cycle_days_median": quantile(cycles, 0.5),
            "sales_cycle_days_p90": quantile(cycles, 0.9),
            "velocity_per_day": opportunities * (rate or 0) * float(size or 0) / (cycle or 1) if is_known else None,
        }


def _open_runs(facts: Facts, fact: Fact) -> list[tuple[datetime, datetime, str]]:
    stays = [
        (visit.entered, visit.exited or facts.end + ONE_DAY, fact.id)
        for visit in fact.life.visits
        if visit.stage.status == "open"
    ]
    return stays or [(fact.life.created, fact.life.created, fact.id)]


def _change(row: Row, before: Row | None) -> Row:
    earlier = before["velocity_per_day"] if before else None
    told: Row = {"previous_velocity_per_day": earlier, "velocity_change": None, **dict.fromkeys(NAMES)}
    if before is not None and earlier is not None and row["velocity_per_day"] is not None:
        told["velocity_change"] = row["velocity_per_day"] - earlier
        told |= dict(zip(NAMES, shapley(_factors(row), _factors(before)), strict=True))
    return told


def _factors(row: Row) -> list[float]:
    return [row["opportunities"], row["win_rate"], float(row["average_deal_size"]), 1 / row["sales_cycle_days"]]
