"""The counts that the forecast's SQL makes, made here of an in-memory history with numpy: tests/integration/test_forecast_benchmark.py
holds them against the SQL on the sample.

Belongs here: counting. Does not belong here: the method (forecasting/) or scoring (forecast.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.forecast_history import DealHistory
from forecasting.amounts import AmountCounts
from forecasting.arrivals import ArrivalCounts
from forecasting.counts import AGE_BANDS, LOST, MOVED, WON, Counts, age_band
from forecasting.frames import STAGE, History, MoveCounts
from forecasting.positions import Floats, Ints, cell_starts


def amount_class(amount: Floats) -> Ints:
    """Half decades of the amount known then; 0 where none is known."""
    known = amount > 0
    band = np.clip(np.floor(2 * np.log10(np.where(known, amount, 1.0))), 2, 18)
    return np.where(known, band, 0).astype(np.int64)


def count(history: DealHistory) -> History:
    """Count a whole history; what was known at a moment is a prefix of it."""
    spells = history.spells.assign(amount_class=amount_class(history.spells["amount"].to_numpy(float)))
    wins = history.wins.assign(amount_class=amount_class(history.wins["amount"].to_numpy(float)))
    first, end = history.first_day, history.last_day + 1
    starts = cell_starts(first, end, history.fiscal_year_start_month)
    labels = np.unique(np.concatenate([[0], spells["amount_class"], wins["amount_class"]]))
    spells["place"] = np.searchsorted(labels, spells["amount_class"])
    wins["place"] = np.searchsorted(labels, wins["amount_class"])
    names = [f"stage {place}" for place in range(history.stages)]
    return History(
        pd.DataFrame([("simulated", "pipeline", name) for name in names], columns=STAGE),
        labels,
        _exposure(spells, history, starts, len(labels)),
        _arrivals(spells, wins, history, len(labels)),
        _moves(spells, history, starts, len(labels)),
        _amounts(spells, wins, history, starts, len(labels)),
    )


def _exposure(spells: pd.DataFrame, history: DealHistory, starts: Ints, classes: int) -> Counts:
    first, end, stages = history.first_day, history.last_day + 1, history.stages
    # At risk from the day after it came to the day it leaves. A history may know deals that were there before it began to tell how
    # deals end: they enter late, at the age they then had.
    began = np.maximum(spells["began"].to_numpy(np.int64) + 1, first)
    last_day = np.minimum(spells["ended"].to_numpy(np.int64), end - 1)
    length = np.maximum(0, last_day - began + 1)
    row = np.repeat(np.arange(len(spells)), length)
    day = np.repeat(began, length) + np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    shape = (len(starts), stages, len(AGE_BANDS), classes)

    def tensor(rows: Ints, days: Ints) -> Floats:
        cell = np.searchsorted(starts, days, side="right") - 1
        band = age_band(days - spells["stage_entered"].to_numpy(np.int64)[rows])
        index = (cell, spells["stage"].to_numpy()[rows], band, spells["place"].to_numpy()[rows])
        return np.bincount(np.ravel_multi_index(index, shape), minlength=int(np.prod(shape))).reshape(shape).astype(float)

    stage, next_state = spells["stage"].to_numpy(), spells["next_state"].to_numpy(float)
    ended = spells["ended"].to_numpy(np.int64)
    of_kind = {MOVED: (next_state < stages) & (next_state != stage), WON: next_state == stages, LOST: next_state > stages}
    events, day_events = [], []
    for kind in (MOVED, WON, LOST):
        rows = np.flatnonzero(of_kind[kind] & (ended < end) & (ended >= first))
        events.append(tensor(rows, ended[rows]))
        day_events.append(np.bincount(ended[rows] - first, minlength=end - first).astype(float))
    at_risk = tensor(row, day)
    return Counts(
        starts,
        np.append(starts[1:], end),
        at_risk,
        np.array(events),
        first,
        np.array(day_events),
        history.fiscal_year_start_month,
    )


def _arrivals(spells: pd.DataFrame, wins: pd.DataFrame, history: DealHistory, classes: int) -> ArrivalCounts:
    """New deals, and lost ones that are taken up again; what was there on the first day was carried over, and did not come in."""
    first, end, stages = history.first_day, history.last_day + 1, history.stages
    before = spells.groupby("deal")[["next_state", "ended"]].shift()
    came = spells["begins_deal"] | (before["next_state"] >= stages) | (before["ended"] != spells["began"])
    arrived = spells[came & (spells["began"] > first) & (spells["began"] < end)]
    entered = np.zeros((end - first, stages + 1, classes))
    np.add.at(entered, (arrived["began"] - first, arrived["stage"], arrived["place"]), 1.0)
    at_once = wins[~wins["deal"].isin(spells["deal"]) & (wins["day"] > first) & (wins["day"] < end)]
    np.add.at(entered, (at_once["day"] - first, stages, at_once["place"]), 1.0)
    return ArrivalCounts(first + 1, entered[1:], history.fiscal_year_start_month)


def _moves(spells: pd.DataFrame, history: DealHistory, starts: Ints, classes: int) -> MoveCounts:
    visits = spells[spells["began"] == spells["stage_entered"]]
    visits = visits.assign(
        next_stage=visits.groupby("deal")["stage"].shift(-1),
        next_place=visits.groupby("deal")["place"].shift(-1),
        moved=visits.groupby("deal")["began"].shift(-1),
    )
    last = (
        spells.groupby(["deal", "stage_entered"])["next_state"]
        .last()
        .reindex(pd.MultiIndex.from_frame(visits[["deal", "stage_entered"]]))
    )
    visits = visits[(last.to_numpy() < history.stages) & visits["moved"].notna().to_numpy()]
    cell = np.searchsorted(starts, visits["moved"].to_numpy(np.int64), side="right") - 1
    stage = np.zeros((len(starts), history.stages, history.stages))
    np.add.at(stage, (cell, visits["stage"], visits["next_stage"].astype(int)), 1.0)
    amount_classes = np.zeros((len(starts), classes, classes))
    np.add.at(amount_classes, (cell, visits["place"], visits["next_place"].astype(int)), 1.0)
    return MoveCounts(stage, amount_classes)


def _amounts(spells: pd.DataFrame, wins: pd.DataFrame, history: DealHistory, starts: Ints, classes: int) -> AmountCounts:
    won = wins[(wins["day"] >= history.first_day) & (wins["day"] <= history.last_day)].set_index("deal")
    stays = spells[spells["deal"].isin(won.index)]
    stays = stays[stays["began"] < won["day"].reindex(stays["deal"]).to_numpy()]
    amount = won["amount"].fillna(0.0).reindex(stays["deal"]).to_numpy(float)
    cell = np.searchsorted(starts, won["day"].reindex(stays["deal"]).to_numpy(np.int64), side="right") - 1
    days = (stays["ended"] - stays["began"]).to_numpy(float)
    known_amount = stays["amount"].to_numpy(float)
    is_known = (stays["place"] > 0).to_numpy()
    stage = stays["stage"].to_numpy()

    def sums(rows: NDArray[np.bool_], values: list[Floats]) -> Floats:
        total = np.zeros((len(starts), history.stages, len(values)))
        for column, value in enumerate(values):
            np.add.at(total, (cell[rows], stage[rows], column), value[rows])
        return total

    squares = [days * known_amount, days * amount, days * known_amount**2, days * amount**2]
    first_class = spells[spells["begins_deal"]].set_index("deal")["place"].reindex(won.index)
    place = first_class.fillna(won["place"]).to_numpy(np.int64)
    won_cell = np.searchsorted(starts, won["day"].to_numpy(np.int64), side="right") - 1
    by_class = np.zeros((len(starts), classes, 3))
    worth = won["amount"].fillna(0.0).to_numpy(float)
    for column, value in enumerate((np.ones(len(won)), worth, worth**2)):
        np.add.at(by_class, (won_cell, place, column), value)
    return AmountCounts(sums(is_known, squares), sums(~is_known, [days, days * amount, days * amount**2]), by_class)
