"""What a deal will be won at, from what is known of its amount while it is open.

Belongs here: ratios of won amounts to amounts known before, and means where none was known. Does not belong here: whether it is won.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.positions import Floats


@dataclass(frozen=True)
class AmountCounts:
    """Sums over won deals, by cell of time in which they were won.

    Of the days that won deals spent open (so that long stays count more, as they do among deals open at a moment), with a known
    amount by stage: ``open_days`` x amount, x won amount, and of their squares; without one: days, x won amount, x its square.
    Of deals by the class they came in with: how many were won, their won amounts and the squares.
    """

    known: Floats  # (cells, stages, 4): days x amount, days x won, days x amount², days x won²
    unknown: Floats  # (cells, stages, 3): days, days x won, days x won²
    by_entry_class: Floats  # (cells, classes, 3): deals, won, won²


@dataclass(frozen=True)
class Amounts:
    """What won deals come to."""

    growth: Floats  # (stages,) won amount per amount known
    growth_square: Floats  # (stages,) won amount² per amount²
    unknown_mean: Floats  # (stages,) where none is known
    unknown_square: Floats  # (stages,)
    entry_mean: Floats  # (classes,) of new deals, by class on entry
    entry_square: Floats  # (classes,)


_STAGE_EQUIVALENT = 10.0  # mean-sized deals that the ratio of all stages is worth
_CLASS_DEALS = 8.0  # deals that the mean of all classes is worth
_UNKNOWN_DEALS = 8.0


def fit_amounts(counts: AmountCounts) -> Amounts:
    """Ratios and means, shrunk to those of all."""
    deals, won, square = counts.by_entry_class.sum(axis=(0, 1))
    mean = won / deals if deals > 0 else 0.0
    mean_square = square / deals if deals > 0 else 0.0
    known = counts.known.sum(axis=0)
    total = known.sum(axis=0)
    growth = total[1] / total[0] if total[0] > 0 else 1.0
    growth_square = total[3] / total[2] if total[2] > 0 else 1.0
    # About twenty days of a deal in a stage are one deal.
    worth, worth_square = _STAGE_EQUIVALENT * 20 * mean, _STAGE_EQUIVALENT * 20 * mean_square
    by_stage = (known[:, 1] + worth * growth) / np.where(known[:, 0] + worth > 0, known[:, 0] + worth, 1)
    by_stage_square = (known[:, 3] + worth_square * growth_square) / np.where(
        known[:, 2] + worth_square > 0, known[:, 2] + worth_square, 1
    )
    unknown = counts.unknown.sum(axis=0)
    prior = 20 * _UNKNOWN_DEALS
    per_class = counts.by_entry_class.sum(axis=0)
    return Amounts(
        growth=np.where(by_stage > 0, by_stage, 1.0),
        growth_square=np.where(by_stage_square > 0, by_stage_square, 1.0),
        unknown_mean=np.asarray((unknown[:, 1] + prior * mean) / (unknown[:, 0] + prior)),
        unknown_square=np.asarray((unknown[:, 2] + prior * mean_square) / (unknown[:, 0] + prior)),
        entry_mean=np.asarray((per_class[:, 1] + _CLASS_DEALS * mean) / (per_class[:, 0] + _CLASS_DEALS)),
        entry_square=np.asarray((per_class[:, 2] + _CLASS_DEALS * mean_square) / (per_class[:, 0] + _CLASS_DEALS)),
    )
