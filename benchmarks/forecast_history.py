"""What a simulated company's CRM would know about its deals, in memory: spells, wins, and the naive counts that SQL makes of them.

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
    """Days are date ordinals in company time, the day on which something happened.

    ``spells``: one row per deal and stretch in one stage at one amount: deal, stage (0 is the first), began, ended (NEVER: not yet),
    stage_entered, amount (NaN: none entered), next_stage of the visit if the stretch ends it (NaN: it goes on), begins_visit, rep.
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
    day = _day_of(made)
    spells, wins = [], []
    for deal, paper in zip(made.deals, made.paperwork, strict=True):
        saves = [(deal.birth.at, {"Amount": paper.created["Amount"]})] + [c for c in paper.changes if "Amount" in c[1]]
        moves = [move for place, move in enumerate(deal.moves) if place == 0 or move.stage != deal.moves[place - 1].stage]
        won = next((move for move in moves if move.stage == stages), None)
        if won is not None:
            amount = paper.at(won.at)["Amount"]
            wins.append((deal.number, day(won.at), np.nan if amount is None else float(str(amount))))
        for place, move in enumerate(moves):
            if move.stage >= stages:
                continue
            following = moves[place + 1] if place + 1 < len(moves) else None
            end = following.at if following else deal.deleted_at
            next_stage = following.stage if following else (stages + 1 if deal.deleted_at else np.nan)
            points = [move.at] + [at for at, _ in saves if move.at < at and (end is None or at < end)]
            for part, at in enumerate(points):
                last = part + 1 == len(points)
                amount = [fields["Amount"] for when, fields in saves if when <= at][-1]
                spells.append(
                    (
                        deal.number,
                        move.stage,
                        day(at),
                        (day(end) if end is not None else NEVER) if last else day(points[part + 1]),
                        day(move.at),
                        np.nan if amount is None else float(str(amount)),
                        next_stage if last else np.nan,
                        part == 0,
                        place == 0,
                        deal.owner_at(at),
                    )
                )
    names = ["deal", "stage", "began", "ended", "stage_entered", "amount", "next_stage", "begins_visit", "begins_deal", "rep"]
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
