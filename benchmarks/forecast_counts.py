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

    # At risk from the day after it entered to the day it leaves. A history may know deals that were there before it began to tell how
    # deals end: they enter late, at the age they then had.
    began = np.maximum(spells["began"].to_numpy(np.int64) + 1, first)
    last_day = np.minimum(spells["ended"].to_numpy(np.int64), end - 1)
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
    stage, next_state = spells["stage"].to_numpy(), spells["next_state"].to_numpy(float)
    ended = spells["ended"].to_numpy(np.int64)
    of_kind = {MOVED: (next_state < stages) & (next_state != stage), WON: next_state == stages, LOST: next_state > stages}
    for kind in (MOVED, WON, LOST):
        rows = np.flatnonzero(of_kind[kind] & (ended < end) & (ended >= first))
        events.append(tensor(rows, ended[rows]))
        day_events.append(np.bincount(ended[rows] - first, minlength=end - first).astype(float))
    counts = Counts(
        starts, cell_end, tensor(row, day), np.array(events), first, np.array(day_events), history.fiscal_year_start_month
    )

    # New deals, and lost ones that are taken up again; what was there on the first day was carried over, and did not arrive.
    before = spells.groupby("deal")[["next_state", "ended"]].shift()
    came = spells["begins_deal"] | (before["next_state"] >= stages) | (before["ended"] != spells["began"])
    arrived = spells[came & (spells["began"] > first) & (spells["began"] < end)]
    entered = np.zeros((end - first, stages + 1, classes))
    np.add.at(entered, (arrived["began"] - first, arrived["stage"], arrived["class"]), 1.0)
    at_once = history.wins[~history.wins["deal"].isin(spells["deal"])]
    at_once = at_once[(at_once["day"] > first) & (at_once["day"] < end)]
    np.add.at(entered, (at_once["day"] - first, stages, amount_class(at_once["amount"].to_numpy(float))), 1.0)
    arrivals = ArrivalCounts(first + 1, entered[1:], history.fiscal_year_start_month)
    return CompanyCounts(counts, arrivals, spells, history.wins, classes)


__all__ = ["NEVER", "CompanyCounts", "amount_class", "count"]
