"""Multiplicative effects of a position in the calendar, shrunk by how many periods have been seen, not by how many events.

The count of a position in one period is Poisson around what is expected there, times an effect of that period alone with relative
variance ``between`` (a month with 500 deals is one observation of that month). To first order that multiplies the weight of a period by
1 / (1 + between x expected), the quasi-likelihood weight of overdispersed counts (McCullagh and Nelder 1989, 9.2). The effect has
a gamma prior with mean 1 and relative variance ``prior``, so its posterior mean is a ratio of sums (conjugacy: Gelman et al. 2013,
2.6).
"""

from __future__ import annotations

import numpy as np

from forecasting.positions import Floats, Ints


def effects(
    observed: Floats,
    expected: Floats,
    position: Ints,
    period: Ints,
    *,
    count: int,
    prior: float | Floats,
    between: float,
) -> Floats:
    """One factor for each of ``count`` positions, from counts in cells of time: shape (count,), or (count, columns) for columns of
    cells.

    ``observed`` and ``expected`` (cells,) or (cells, columns): events, and how many were expected without this factor.
    ``prior``: of every position, or one for each.
    ``position`` and ``period`` (cells,): where each cell lies, and in which period of its own.
    """
    groups, place = np.unique(period * count + position, return_inverse=True)
    observed_group, expected_group = summed(observed, place, len(groups)), summed(expected, place, len(groups))
    weight = 1 / (1 + between * expected_group)
    at = groups % count
    numerator = summed(weight * observed_group, at, count)
    denominator = summed(weight * expected_group, at, count)
    belief = np.reshape(1 / np.asarray(prior), (-1, *(1,) * (observed.ndim - 1)))
    return np.asarray((belief + numerator) / (belief + denominator))


def weekday_factors(seen: Floats, weekday: Ints, events: float) -> Floats:
    """How much more happens on each weekday than on the average day: (7,), of mean 1. ``seen`` and ``weekday`` by day; ``events``
    is the
    prior's strength."""
    days = np.bincount(weekday, minlength=7)
    due = seen.sum() * days / max(1, len(seen))
    factor = (np.bincount(weekday, weights=seen, minlength=7) + events) / (due + events)
    return np.asarray(factor / factor.mean())


def summed(values: Floats, group: Ints, count: int) -> Floats:
    """Sums of rows by group: (rows, ...) to (count, ...)."""
    sums = np.zeros((count, *values.shape[1:]))
    np.add.at(sums, group, values)
    return sums
