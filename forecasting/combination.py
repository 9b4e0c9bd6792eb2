"""The hazards' forecast and the naive methods, combined by what each one's own record up to then deserves.

Belongs here: feedback of recent observed ÷ expected, weights of methods, and how wide the result must be. Does not belong here:
any method. All of it is linear in the forecasts, so what holds for the company holds for the sum of its teams.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.positions import Floats


@dataclass(frozen=True)
class CombinationSettings:
    """Prior beliefs about the methods."""

    feedback_prior: float = 0.07**2  # variance of log (observed ÷ expected)
    feedback_half_life: float = 4.0  # replays
    feedback_between: float = 0.08**2  # a period's own, not to be followed
    prior_error: float = 0.25**2  # mean squared relative error of a method before it has a record
    prior_periods: float = 3.0  # how many periods that belief is worth
    memory_half_life: float = 12.0  # replays
    first_odds: float = 100.0  # of the hazards against one naive method, without any record
    spread_periods: float = 10.0  # how many periods the model's own variance is worth


def feedback(forecast: Floats, relative_variance: Floats, actual: Floats, settings: CombinationSettings) -> float:
    """The factor by which recent replays were off, precision-weighted and shrunk to 1. Arrays of earlier replays, oldest first.

    Each replay tells log(observed ÷ expected) with variance ``relative_variance`` of what chance does plus a period's own.
    """
    known = (forecast > 0) & np.isfinite(forecast)
    forecast, relative_variance, actual = forecast[known], relative_variance[known], actual[known]
    ago = np.arange(len(forecast))[::-1]
    precision = 0.5 ** (ago / settings.feedback_half_life) / (relative_variance + settings.feedback_between)
    # The mean of observed ÷ expected - 1 instead of logs: unbiased, and defined where nothing was won.
    told = actual / forecast - 1
    return float(1 + (precision @ told) / (1 / settings.feedback_prior + precision.sum()))


def weights(
    forecasts: Floats, actual: Floats, now: Floats, settings: CombinationSettings, alike: Floats | None = None
) -> Floats:
    """Weight of each method, sums to 1: (methods,). ``forecasts`` (replays, methods), NaN where a method had none; ``actual``
    (replays,).

    Posterior probabilities of methods whose relative errors are normal with unknown variance (inverse gamma): the marginal
    likelihood is Student's (Hoeting et al. 1999). The first method is the hazards'. A method without a forecast ``now`` has no weight.
    """
    methods = len(now)
    odds = np.ones(methods)
    odds[0] = settings.first_odds
    log_weight = np.log(odds)
    complete = np.isfinite(forecasts[:, 0]) if len(forecasts) else np.zeros(0, dtype=bool)
    past, happened = forecasts[complete], actual[complete]
    if len(happened) and happened.mean() > 0:
        ago = np.arange(len(happened))[::-1]
        memory = 0.5 ** (ago / settings.memory_half_life)
        if alike is not None:
            memory = memory * alike[complete]
        error = ((past - happened[:, None]) / happened.mean()) ** 2
        told = np.isfinite(error)
        periods = memory @ told
        squares = memory @ np.where(told, error, 0.0)
        half = settings.prior_periods / 2
        belief = half * settings.prior_error
        # Methods that were silent in some replays are judged by the mean of those in which they spoke.
        full = memory.sum()
        scaled = np.where(periods > 0, squares * full / np.maximum(periods, 1e-12), full * settings.prior_error * 1.5)
        log_weight = log_weight - (half + full / 2) * np.log1p(scaled / 2 / belief)
    log_weight = np.where(np.isfinite(now), log_weight, -np.inf)
    if not np.isfinite(now).any():
        raise ValueError("no method has a forecast to be weighed")
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def spread_scale(standardised: Floats, settings: CombinationSettings) -> float:
    """By how much the standard deviation must be multiplied, from earlier errors in units of it (newest last)."""
    ago = np.arange(len(standardised))[::-1]
    memory = 0.5 ** (ago / (2 * settings.memory_half_life))
    # One wild period shows that errors have tails, not that all are as large.
    squares = np.minimum(standardised**2, 9.0)
    return float(np.sqrt((settings.spread_periods + memory @ squares) / (settings.spread_periods + memory.sum())))
