"""How far a period's forecast may be off because nobody knows where the levels of the risks are, or will be by then.

Belongs here: what a forecast gives way to when levels do. Does not belong here: how unsure levels are (levels.py), or what else is not
known (laws.py).

To first order the logarithm of a forecast changes by g'e when the logs of the kinds' levels change by e, so that its variance is g'Cg,
with their covariance C in the middle of the period. The gradient g is a difference: the pipeline is carried forward once with each
level a little higher, classes of amount put together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.amounts import Amounts
from forecasting.arrivals import Arrivals
from forecasting.counts import AGE_BANDS, KINDS, Counts
from forecasting.hazards import Hazards
from forecasting.positions import Floats
from forecasting.propagation import Moves, Wins, win_probabilities

_STEP = 0.1  # of the log of a level


@dataclass(frozen=True)
class Pipeline:
    """What is open, by stage and age band in the classes of amount it is in: deals a day over the last cell of time counted."""

    deals: Floats  # (stages, bands, classes)


def pipeline(counts: Counts) -> Pipeline:
    """Of the last cell of time; nothing is open where nothing was counted."""
    if not len(counts.cell_start):
        return Pipeline(np.zeros(counts.at_risk.shape[1:]))
    return Pipeline(counts.at_risk[-1] / float(counts.cell_end[-1] - counts.cell_start[-1]))


def level_deviation(
    hazards: Hazards,
    moves: Moves,
    arrivals: Arrivals,
    amounts: Amounts,
    is_open: Pipeline,
    made_on: int,
    start: int,
    end: int,
) -> float:
    """Relative standard deviation of what is expected of [start, end), from the levels alone; 0 where nothing is expected."""
    varied = _varied(hazards, is_open, arrivals)
    own_class = Moves(moves.stage, np.eye(1 + len(KINDS)))
    worth = _worth(win_probabilities(varied, own_class, made_on, end), arrivals, amounts, is_open, made_on, end)
    if start > made_on:
        worth = worth - _worth(
            win_probabilities(varied, own_class, made_on, start), arrivals, amounts, is_open, made_on, start
        )
    if not (worth > 0).all():
        return 0.0
    gradient = np.log(worth[1:] / worth[0]) / _STEP
    covariance = hazards.levels.covariance((max(start, made_on) + end) / 2 - made_on)
    return float(np.sqrt(gradient @ covariance @ gradient))


def _varied(hazards: Hazards, is_open: Pipeline, arrivals: Arrivals) -> Hazards:
    """Hazards whose classes are no amounts: as they are, then with the level of each kind a step higher.

    Where nobody is, the mean is over the classes of all deals; one that nobody was ever in has no weight.
    """
    anywhere = is_open.deals.sum(axis=(0, 1)) + arrivals.mix.sum(axis=1)
    anywhere[0] += 1e-6
    weight = is_open.deals + 1e-3 * anywhere
    mean = (hazards.base * weight).sum(axis=3) / weight.sum(axis=2)  # (kinds, stages, bands)
    steps = np.exp(_STEP * np.hstack([np.zeros((len(KINDS), 1)), np.eye(len(KINDS))]))  # (kinds, 1 + kinds)
    return replace(hazards, base=mean[..., None] * steps[:, None, None, :])


def _worth(wins: Wins, arrivals: Arrivals, amounts: Amounts, is_open: Pipeline, made_on: int, end: int) -> Floats:
    """Expected amount of each variation: (1 + kinds,)."""
    open_amount = is_open.deals @ amounts.entry_mean  # (stages, bands)
    new_amount = amounts.entry_mean @ arrivals.mix  # (stages + 1,)
    daily = arrivals.daily(np.arange(made_on, end))
    young = wins.now[:, :, np.array(AGE_BANDS)]
    return np.asarray(np.einsum("csa,sa->c", young, open_amount) + np.einsum("d,dcs,s->c", daily, wins.arriving, new_amount))
