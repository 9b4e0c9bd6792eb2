"""The law of what a period will bring: what is won already, plus a gamma variable with the forecast's mean and standard deviation.

Sums of few, skew amounts are never negative and have a long upper tail; a gamma with two given moments has both, and is the usual
approximation of a compound Poisson sum (Bohman and Esscher 1963). Arrays of any one shape, in money; where one is missing (NaN) so
is the answer.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincc, gammaincinv

from forecasting.positions import Floats

_LARGEST_SHAPE = 1e8  # a standard deviation of a ten-thousandth of the mean: certain


def quantile(probability: float, won_so_far: Floats, mean: Floats, standard_deviation: Floats) -> Floats:
    """The amount that the period's total stays below with this probability. ``mean`` includes ``won_so_far``."""
    rest = np.maximum(mean - won_so_far, 0)
    shape, scale = _gamma(rest, standard_deviation)
    certain = (rest <= 0) | (standard_deviation <= 0)
    amount = won_so_far + np.where(certain, rest, gammaincinv(shape, probability) * scale)
    return np.asarray(np.where(np.isnan(mean + standard_deviation), np.nan, amount))


def probability_of_reaching(quota: Floats, won_so_far: Floats, mean: Floats, standard_deviation: Floats) -> Floats:
    """P(total of the period >= quota). ``mean`` includes ``won_so_far``; 1 where the quota is reached already."""
    rest, missing = np.maximum(mean - won_so_far, 0), quota - won_so_far
    shape, scale = _gamma(rest, standard_deviation)
    certain = (rest <= 0) | (standard_deviation <= 0)
    chance = np.where(certain, (rest >= missing).astype(float), gammaincc(shape, np.maximum(missing, 0) / scale))
    return np.asarray(np.where(np.isnan(mean + standard_deviation + quota), np.nan, np.where(missing <= 0, 1.0, chance)))


def _gamma(mean: Floats, standard_deviation: Floats) -> tuple[Floats, Floats]:
    """Shape and scale; harmless values where nothing is uncertain."""
    usable = (mean > 0) & (standard_deviation > 0)
    spread, centre = np.where(usable, standard_deviation, 1.0), np.where(usable, mean, 1.0)
    shape = np.minimum((centre / spread) ** 2, _LARGEST_SHAPE)
    return np.asarray(shape), np.asarray(centre / shape)
