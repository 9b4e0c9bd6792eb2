"""From the small tables that SQL counted to the arrays that the method works on.

Belongs here: names of columns, the order of stages and classes, and what is refused. Does not belong here: statistics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.amounts import AmountCounts
from forecasting.arrivals import ArrivalCounts
from forecasting.counts import AGE_BANDS, KINDS, Counts
from forecasting.positions import Floats, Ints, cell_starts
from forecasting.propagation import Moves

STAGE = ["source_system", "pipeline", "stage"]
_EPOCH = 719163  # the ordinal of 1970-01-01


class CountsDisagree(ValueError):
    """The SQL and this package do not mean the same by a cell of time."""


@dataclass(frozen=True)
class MoveCounts:
    """Moves between stages and classes of amount by cell of time."""

    stage: Floats  # (cells, stages, stages)
    amount_class: Floats  # (cells, classes, classes)


@dataclass(frozen=True)
class History:
    """All counts of a company, in one order of stages (``stages``: rows of STAGE) and classes (``classes``: labels; the first is
    not known)."""

    stages: pd.DataFrame
    classes: Ints
    counts: Counts
    arrivals: ArrivalCounts
    moves: MoveCounts
    amounts: AmountCounts


def ordinals(days: pd.Series) -> Ints:
    """Date ordinals of a column of dates."""
    return np.asarray(pd.to_datetime(days).to_numpy().astype("datetime64[D]").astype(np.int64) + _EPOCH)


def dates(days: Ints) -> pd.Series:
    """A column of dates of ordinals."""
    return pd.Series((np.asarray(days) - _EPOCH).astype("datetime64[D]").astype("datetime64[s]"))


def history(
    *,
    exposure: pd.DataFrame,
    exit_day: pd.DataFrame,
    arrival: pd.DataFrame,
    move: pd.DataFrame,
    amount: pd.DataFrame,
    stage: pd.DataFrame,
    first_day: int,
    end: int,
    fiscal_year_start_month: int,
) -> History:
    """Arrays of the counts of the days from ``first_day`` to before ``end``.

    Columns are those of the tables int_forecast_exposure, _exit, _arrival, _move and _amount; ``stage`` has one row per open stage
    in order.
    """
    told = (
        exposure["amount_class"],
        arrival["amount_class"],
        amount["amount_class"],
        move["amount_class"],
        move["next_class"],
    )
    classes = np.unique(np.concatenate([[0], *(column.dropna() for column in told)])).astype(int)
    starts = cell_starts(first_day, end, fiscal_year_start_month)
    number = {tuple(row): place for place, row in enumerate(stage[STAGE].itertuples(index=False))}
    cells, stages, count = len(starts), len(number), len(classes)

    def cell(frame: pd.DataFrame) -> Ints:
        day = ordinals(frame["cell_start"])
        place = np.searchsorted(starts, day)
        if len(day) and not np.array_equal(starts[np.minimum(place, cells - 1)], day):
            raise CountsDisagree("a cell_start of the counts is none of forecasting.positions.cell_starts")
        return np.asarray(place)

    def stage_of(frame: pd.DataFrame, prefix: str = "") -> Ints:
        names = ["source_system", f"{prefix}pipeline", f"{prefix}stage"]
        return np.array([number[tuple(row)] for row in frame[names].itertuples(index=False)], dtype=np.int64)

    def class_of(values: pd.Series) -> Ints:
        return np.asarray(np.searchsorted(classes, values.to_numpy(dtype=np.int64)))

    where = (cell(exposure), stage_of(exposure), exposure["age_band"].to_numpy(np.int64), class_of(exposure["amount_class"]))
    shape = (cells, stages, len(AGE_BANDS), count)
    counts = Counts(
        starts,
        np.append(starts[1:], end),
        _sums(shape, where, exposure["at_risk_days"]),
        np.array([_sums(shape, where, exposure[kind]) for kind in KINDS]),
        first_day,
        np.array(
            [_sums((end - first_day,), (ordinals(exit_day["date_day"]) - first_day,), exit_day[kind]) for kind in KINDS]
        ),
        fiscal_year_start_month,
    )
    at_once = arrival["stage"].isna().to_numpy()
    entered = np.full(len(arrival), stages, dtype=np.int64)
    entered[~at_once] = stage_of(arrival[~at_once])
    came = (ordinals(arrival["came_on"]) - first_day, entered, class_of(arrival["amount_class"]))
    came_in = _sums((end - first_day, stages + 1, count), came, arrival["deals"])
    known_since = int(came[0].min()) if len(arrival) else 0
    known = amount[amount["stage"].notna()]
    entry = amount[amount["stage"].isna()]
    return History(
        stage[STAGE].reset_index(drop=True),
        classes,
        counts,
        ArrivalCounts(first_day + known_since, came_in[known_since:], fiscal_year_start_month),
        MoveCounts(
            _sums((cells, stages, stages), (cell(move), stage_of(move), stage_of(move, "next_")), move["deals"]),
            _sums(
                (cells, count, count),
                (cell(move), class_of(move["amount_class"]), class_of(move["next_class"])),
                move["deals"],
            ),
        ),
        AmountCounts(
            _stays(known[known["is_known"].astype(bool)], (cells, stages), cell, stage_of),
            _stays(known[~known["is_known"].astype(bool)], (cells, stages), cell, stage_of)[:, :, [4, 1, 3]],
            np.stack(
                [
                    _sums((cells, count), (cell(entry), class_of(entry["amount_class"])), entry[column])
                    for column in ("weight", "won_amount", "won_amount_squared")
                ],
                axis=2,
            ),
        ),
    )


def moves_until(moves: MoveCounts, cells: int) -> Moves:
    """Shares of where deals went in the first cells; a stage that nobody left goes to the next one, a class stays."""
    stage = moves.stage[:cells].sum(axis=0)
    count = len(stage)
    stage = stage + np.eye(count, k=1)
    if count:
        stage[-1, -1] += 1
    amount_class = moves.amount_class[:cells].sum(axis=0) + 2 * np.eye(moves.amount_class.shape[1])
    return Moves(stage / stage.sum(axis=1, keepdims=True), amount_class / amount_class.sum(axis=1, keepdims=True))


def amounts_until(amounts: AmountCounts, cells: int) -> AmountCounts:
    """Only those of the first cells."""
    return AmountCounts(amounts.known[:cells], amounts.unknown[:cells], amounts.by_entry_class[:cells])


def _sums(shape: tuple[int, ...], where: tuple[Ints, ...], values: pd.Series) -> Floats:
    if not len(values):
        return np.zeros(shape)
    index = np.ravel_multi_index(where, shape)
    sums = np.bincount(index, weights=values.astype(float), minlength=int(np.prod(shape)))
    return np.asarray(sums.reshape(shape), dtype=np.float64)


def _stays(
    frame: pd.DataFrame,
    shape: tuple[int, ...],
    cell: Callable[[pd.DataFrame], Ints],
    stage_of: Callable[[pd.DataFrame], Ints],
) -> Floats:
    """(cells, stages, 5): days x amount, days x won, days x amount², days x won², days."""
    where = (cell(frame), stage_of(frame))
    columns = ("known_amount", "won_amount", "known_amount_squared", "won_amount_squared", "weight")
    return np.stack([_sums(shape, where, frame[column].fillna(0)) for column in columns], axis=2)
