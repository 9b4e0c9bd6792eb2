"""The counts that the forecast's SQL makes, made here of an in-memory history with numpy: held against the SQL once, in the tests.

Belongs here: counting. Does not belong here: the method (forecasting/) or scoring (forecast.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.forecast_history import NEVER, DealHistory
from forecasting.arrivals import ArrivalCounts
from forecasting.counts import AGE_BANDS, LOST, MOVED, WON, Counts, age_band
from forecasting.positions import cell_starts

UNKNOWN_CLASS = 0
CLASSES_PER_DECADE = 2
LOWEST = 5  # 10 ** (5 / 2) = 316


def amount_class(amount: NDArray[np.float64]) -> NDArray[np.int64]:
    """Half decades of the amount known then; 0 where none is known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        band = np.floor(CLASSES_PER_DECADE * np.log10(amount)) - LOWEST + 1
    return np.where(np.isnan(amount) | (amount <= 0), UNKNOWN_CLASS, np.clip(np.nan_to_num(band), 1, 6)).astype(np.int64)


@dataclass(frozen=True)
class CompanyCounts:
    """Everything that a replay is made of: what was known then is a prefix of each."""

    counts: Counts
    arrivals: ArrivalCounts
    spells: pd.DataFrame
    wins: pd.DataFrame
    classes: int


def count(history: DealHistory) -> CompanyCounts:
    """Count a whole history."""
    spells = history.spells.copy()
    spells["class"] = amount_class(spells["amount"].to_numpy(float))
    stages, classes = history.stages, 7
    first, end = history.first_day, history.last_day + 1
    starts = cell_starts(first, end, history.fiscal_year_start_month)
    cell_end = np.append(starts[1:], end)

    leaves = spells["next_stage"].notna().to_numpy()
    last_day = np.where(leaves, spells["ended"], spells["ended"] - 1)
    last_day = np.minimum(last_day, end - 1).astype(np.int64)
    began = spells["began"].to_numpy(np.int64)
    length = np.maximum(0, last_day - began + 1)
    row = np.repeat(np.arange(len(spells)), length)
    day = np.repeat(began, length) + np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    shape = (len(starts), stages, len(AGE_BANDS), classes)

    def tensor(rows: NDArray[np.int64], days: NDArray[np.int64]) -> NDArray[np.float64]:
        cell = np.searchsorted(starts, days, side="right") - 1
        band = age_band(days - spells["stage_entered"].to_numpy(np.int64)[rows])
        index = (cell, spells["stage"].to_numpy()[rows], band, spells["class"].to_numpy()[rows])
        return np.bincount(np.ravel_multi_index(index, shape), minlength=int(np.prod(shape))).reshape(shape).astype(float)

    events, day_events = [], []
    next_stage = spells["next_stage"].to_numpy(float)
    ended = spells["ended"].to_numpy(np.int64)
    for kind in (MOVED, WON, LOST):
        of_kind = {MOVED: next_stage < stages, WON: next_stage == stages, LOST: next_stage > stages}[kind]
        rows = np.flatnonzero(of_kind & (ended < end))
        events.append(tensor(rows, ended[rows]))
        day_events.append(np.bincount(ended[rows] - first, minlength=end - first).astype(float))
    counts = Counts(starts, cell_end, tensor(row, day), np.array(events), first, np.array(day_events), history.fiscal_year_start_month)

    # New deals, and lost ones that are taken up again; what was there on the first day was carried over, and did not arrive.
    entering = spells[spells["begins_visit"]].copy()
    entering["after_close"] = ~entering["begins_deal"] & ~_follows_move(spells, entering, stages)
    entering = entering[entering["begins_deal"] | entering["after_close"]]
    arrived = entering[entering["began"] > first]
    entered = np.zeros((end - first, stages, classes))
    np.add.at(entered, (arrived["began"] - first, arrived["stage"], arrived["class"]), 1.0)
    arrivals = ArrivalCounts(first + 1, entered[1:], history.fiscal_year_start_month)
    return CompanyCounts(counts, arrivals, spells, history.wins, classes)


def _follows_move(spells: pd.DataFrame, entering: pd.DataFrame, stages: int) -> NDArray[np.bool_]:
    """Whether the deal's stretch before ended in a move to an open stage."""
    before = spells.groupby("deal")["next_stage"].shift()
    return np.asarray((before[entering.index] < stages).to_numpy())


__all__ = ["NEVER", "CompanyCounts", "amount_class", "count"]
