"""What a simulated company's CRM would know about its deals, in memory: spells and wins, day by day.

Belongs here: turning `simulator.DealHistories` into small frames, day by day in company time. Does not belong here: the method
(forecasting/), the true risks (forecast_oracle.py), scoring (forecast.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator import DealHistories

NEVER = 4_000_000  # a day ordinal beyond every calendar: still open


@dataclass(frozen=True)
class DealHistory:
    """Days are date ordinals in company time; a day's end counts, as in int_opportunity_day. Stages are 0, 1, …; then won, lost,
    deleted.

    ``spells``: one row per deal and stretch in one open stage at one amount: deal, stage, began, ended (NEVER: not yet), stage_entered,
    amount (NaN: none entered), next_state (NaN: not known yet), begins_deal, rep.
    ``wins``: one row per deal won: deal, day, amount. Only the first win counts, at the amount it then had.
    """

    spells: pd.DataFrame
    wins: pd.DataFrame
    stages: int
    first_day: int
    last_day: int
    fiscal_year_start_month: int


def deal_history(made: DealHistories) -> DealHistory:
    """The stretches and wins of every deal."""
    stages = len(made.company.stages)
    day_of = _day_of(made)
    spells, wins = [], []
    for deal, paper in zip(made.deals, made.paperwork, strict=True):
        saves = [(deal.birth.at, paper.created["Amount"])] + [(at, f["Amount"]) for at, f in paper.changes if "Amount" in f]
        told = [(at, 1, None, amount) for at, amount in saves] + [(move.at, 0, move.stage, None) for move in deal.moves]
        if deal.deleted_at is not None:
            told.append((deal.deleted_at, 2, stages + 2, None))
        by_day: dict[int, tuple[int, float]] = {}
        stage, amount, was_won = 0, float("nan"), False
        for at, what, new_stage, new_amount in sorted(told, key=lambda each: each[0]):
            if what == 1:
                amount = float("nan") if new_amount is None else float(str(new_amount))
            elif new_stage is not None:
                stage = new_stage
            by_day[day_of(at)] = (stage, amount)
        days = list(by_day)
        entered = days[0]
        for place, day in enumerate(days):
            stage, amount = by_day[day]
            if place > 0 and by_day[days[place - 1]][0] != stage:
                entered = day
            if stage == stages and not was_won:
                wins.append((deal.number, day, amount))
                was_won = True
            if stage < stages:
                following = place + 1 < len(days)
                spells.append(
                    (
                        deal.number,
                        stage,
                        day,
                        days[place + 1] if following else NEVER,
                        entered,
                        amount,
                        by_day[days[place + 1]][0] if following else np.nan,
                        place == 0,
                        deal.owner_at(made.clock.utc(day + 1, 0)),
                    )
                )
    names = ["deal", "stage", "began", "ended", "stage_entered", "amount", "next_state", "begins_deal", "rep"]
    return DealHistory(
        pd.DataFrame(spells, columns=names),
        pd.DataFrame(wins, columns=["deal", "day", "amount"]),
        stages,
        made.company.history_starts_on.toordinal(),
        made.company.as_of.toordinal(),
        made.company.fiscal_year_start_month,
    )


def _day_of(made: DealHistories):  # type: ignore[no-untyped-def]
    known: dict[int, int] = {}

    def day(instant: int) -> int:
        if instant not in known:
            known[instant] = made.clock.day(instant)
        return known[instant]

    return day
