"""What a simulated company's CRM would know about its deals, in memory: spells and wins, day by day.

Belongs here: turning `simulator.DealHistories` into small frames, day by day in company time. Does not belong here: the method
(forecasting/), the true risks (forecast_oracle.py), scoring (forecast.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from simulator import DealHistories

_SAVE, _MOVE = 0, 1
NEVER = 4_000_000  # a day ordinal beyond every calendar: still open


@dataclass(frozen=True)
class DealHistory:
    """Days are date ordinals in company time; a day's end counts. Stages are 0, 1, …; then won, lost, deleted.

    ``spells``: one row per deal and stretch in one open stage at one amount and expected close: deal, stage, began, ended (NEVER: not
    yet), stage_entered, amount (NaN: none entered), expected_close, next_state (NaN: not known yet), begins_deal.
    ``wins``: one row per deal won: deal, day, amount. Only the first win counts, at the amount it then had.
    ``static_probability``: what the CRM gives each stage; empty where it gives none.
    """

    spells: pd.DataFrame
    wins: pd.DataFrame
    stages: int
    first_day: int
    last_day: int
    fiscal_year_start_month: int
    static_probability: tuple[float, ...] = ()


def deal_history(made: DealHistories) -> DealHistory:
    """The stretches and wins of every deal."""
    stages = len(made.company.stages)
    day_of = _day_of(made)
    spells, wins = [], []
    for deal, paper in zip(made.deals, made.paperwork, strict=True):
        saves = [(deal.birth.at, paper.created), *paper.changes]
        told = [(at, _SAVE, fields, 0) for at, fields in saves if "Amount" in fields or "CloseDate" in fields]
        told += [(move.at, _MOVE, {}, move.stage) for move in deal.moves]
        if deal.deleted_at is not None:
            told.append((deal.deleted_at, _MOVE, {}, stages + 2))
        by_day: dict[int, tuple[int, float, int]] = {}
        stage, amount, expected_close, was_won = 0, float("nan"), 0, False
        for at, what, fields, new_stage in sorted(told, key=lambda each: each[0]):
            if what == _MOVE:
                stage = new_stage
            if "Amount" in fields:
                amount = float("nan") if fields["Amount"] is None else float(str(fields["Amount"]))
            if "CloseDate" in fields:
                expected_close = int(str(fields["CloseDate"]))
            by_day[day_of(at)] = (stage, amount, expected_close)
        days = list(by_day)
        entered = days[0]
        for place, day in enumerate(days):
            stage, amount, expected_close = by_day[day]
            if place > 0 and by_day[days[place - 1]][0] != stage:
                entered = day
            if stage == stages and not was_won:
                wins.append((deal.number, day, amount))
                was_won = True
            # Once won, a deal is in no forecast again, also if it is reopened.
            if stage < stages and not was_won:
                following = place + 1 < len(days)
                spells.append(
                    (
                        deal.number,
                        stage,
                        day,
                        days[place + 1] if following else NEVER,
                        entered,
                        amount,
                        expected_close,
                        by_day[days[place + 1]][0] if following else np.nan,
                        place == 0,
                    )
                )
    names = ["deal", "stage", "began", "ended", "stage_entered", "amount", "expected_close", "next_state", "begins_deal"]
    return DealHistory(
        pd.DataFrame(spells, columns=names),
        pd.DataFrame(wins, columns=["deal", "day", "amount"]),
        stages,
        made.company.history_starts_on.toordinal(),
        made.company.as_of.toordinal(),
        made.company.fiscal_year_start_month,
        tuple(stage.default_probability / 100 for stage in made.company.stages),
    )


def maven_history(folder: Path) -> DealHistory:
    """Maven Analytics' practice data: one open stage, amounts known only at closing, closes told from 2017-03-01 on. Deals without an
    engage date are in no replay."""
    deals = pd.read_csv(folder / "sales_pipeline.csv")
    deals = deals[deals["engage_date"].notna()].reset_index(drop=True)
    began, ended = (
        pd.to_datetime(deals[name], format="%d-%m-%y").map(_ordinal).astype(int) for name in ("engage_date", "close_date")
    )
    spells = pd.DataFrame(
        {"deal": deals.index, "stage": 0, "began": began, "ended": ended, "stage_entered": began, "amount": np.nan}
    )
    spells["expected_close"] = 0
    spells["next_state"] = deals["deal_stage"].map({"Won": 1.0, "Lost": 2.0})
    spells["begins_deal"] = True
    is_won = deals["deal_stage"] == "Won"
    wins = pd.DataFrame(
        {"deal": deals.index[is_won], "day": ended[is_won], "amount": deals.loc[is_won, "close_value"].astype(float)}
    )
    return DealHistory(spells, wins.reset_index(drop=True), 1, int(ended.min()), int(ended[ended < NEVER].max()), 1)


def add_months(first_of_month: date, count: int) -> date:
    """The first day of the month that is `count` months later."""
    months = first_of_month.year * 12 + first_of_month.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def month_starts(history: DealHistory, count: int) -> list[date]:
    """The starts of the last months that are over, oldest first."""
    following = date.fromordinal(history.last_day + 1).replace(day=1)
    return [add_months(following, number - count) for number in range(count)]


def _ordinal(day: pd.Timestamp) -> int:
    return NEVER if pd.isna(day) else day.toordinal()


def _day_of(made: DealHistories) -> Callable[[int], int]:
    known: dict[int, int] = {}

    def day(instant: int) -> int:
        if instant not in known:
            known[instant] = made.clock.day(instant)
        return known[instant]

    return day
