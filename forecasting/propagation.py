"""From daily hazards to the probability that a deal is won within a horizon, by stage, age and class: backward in time.

The value of a state at the start of a day is the probability to be won from that day on and before the horizon's end: Kolmogorov's
backward equation in daily steps. One pass answers for every open deal and for deals that arrive on any later day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.counts import AGE_BANDS, LOST, MOVED, WON, band_of_age
from forecasting.hazards import Hazards
from forecasting.positions import Floats

OLDEST = AGE_BANDS[-1]


@dataclass(frozen=True)
class Moves:
    """Where a deal that leaves a stage, but not by closing, goes next, and in which class it is then."""

    stage: Floats  # (stages, stages) rows sum to 1
    amount_class: Floats  # (classes, classes) rows sum to 1


@dataclass(frozen=True)
class Wins:
    """Probabilities to be won in [start, end)."""

    now: Floats  # (classes, stages, OLDEST + 1): of a deal that is open at the start, by its age on the first day
    arriving: Floats  # (days, classes, stages + 1): of a deal that comes in on a day of the horizon; the last column is won at once, 1


def win_probabilities(hazards: Hazards, moves: Moves, start: int, end: int) -> Wins:
    """One backward pass over [start, end)."""
    days = np.arange(start, end)
    season = hazards.season(days)  # (kinds, days, stages)
    ages = band_of_age(OLDEST)
    # (kinds, classes, stages, ages)
    base = np.ascontiguousarray(hazards.base.transpose(0, 3, 1, 2)[..., ages])
    _, classes, stages, width = base.shape
    value = np.zeros((classes, stages, width))
    arriving = np.ones((len(days), classes, stages + 1))
    for place in range(len(days) - 1, -1, -1):
        rates = base * season[:, place, None, :, None]
        total = rates[MOVED] + rates[WON] + rates[LOST]
        share = 1 / (1 + total / 2)  # (1 - exp(-total)) / total, to third order
        older = np.concatenate([value[:, :, 1:], value[:, :, -1:]], axis=2)
        # Whoever enters a stage on a day is first at risk there on the next, at age 1.
        arriving[place, :, :stages] = older[:, :, 0]
        value = (rates[WON] + rates[MOVED] * _onward(older[:, :, 0], moves)[:, :, None]) * share + (
            1 - total * share
        ) * older
    return Wins(value, arriving)


def _onward(entered: Floats, moves: Moves) -> Floats:
    """What leaving each stage is worth, by class: (classes, stages)."""
    return np.asarray(moves.amount_class @ entered @ moves.stage.T)
