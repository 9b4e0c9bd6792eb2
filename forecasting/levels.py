"""The level of each kind of event: how observed ÷ expected has moved from month to month, and where it is going.

Belongs here: the state of logarithms of levels and their slopes, filtered, smoothed and carried forward. Does not belong here: what is
expected (hazards.py).

Of each month the log of a level is a damped local linear trend (Durbin and Koopman 2012, 3.2): level' = level + slope + noise,
slope' = DAMPING x slope + noise; the kinds' noises are correlated. A month's count is taken as overdispersed Poisson around
expected x exp(level), linearised where the level is predicted (an extended Kalman filter). How restless levels are, whether they
have slopes and how much a month has of its own is not known: several beliefs are held at once, each by its marginal likelihood
(Bayesian model averaging, Hoeting et al. 1999), so that a company that stands still pays little for the chance that it might not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.positions import Floats

DAMPING = 0.97  # of a slope, from month to month
MONTH_DAYS = 365.25 / 12
# Good news, moved and won, comes and goes together; bad news a little the other way.
CORRELATION = np.array([[1.0, 0.8, -0.4], [0.8, 1.0, -0.4], [-0.4, -0.4, 1.0]])
_FIRST_LEVEL = 0.1  # standard deviation of the log of a level in the first month
_LARGEST_SURPRISE = 1.0  # observed ÷ predicted - 1 of a month that is followed at most


@dataclass(frozen=True)
class Belief:
    """Standard deviations per month, of logarithms: of a level's own noise, of its slope's noise, of the first slope, and what a
    month's count has of its own besides chance."""

    restless: float
    turning: float
    first_slope: float
    own: float


BELIEFS = tuple(
    Belief(restless, turning, first_slope, own)
    for own in (0.03, 0.08)
    for restless, turning, first_slope in (
        (0.002, 0.0, 0.0),
        (0.02, 0.0, 0.0),
        (0.04, 0.0, 0.0),
        (0.005, 0.003, 0.01),
        (0.01, 0.006, 0.015),
    )
)


@dataclass(frozen=True)
class Levels:
    """``path`` (kinds, months): smoothed logs of levels; ``now`` and ``slope`` (kinds,): in the last month, and by how much
    the next is higher; ``spread`` (2 kinds, 2 kinds): their covariance, levels first; ``restless`` (kinds, kinds): covariance that a
    month adds to levels; ``held`` (beliefs,): how likely each is."""

    path: Floats
    now: Floats
    slope: Floats
    spread: Floats
    restless: Floats
    held: Floats

    def ahead(self, days: Floats) -> Floats:
        """Logs of levels so many days after the last month's end: (kinds, days)."""
        return np.asarray(self.now[:, None] + self.slope[:, None] * _reach(days)[None])

    def covariance(self, days: float) -> Floats:
        """Of logs of levels so many days after the last month's end: (kinds, kinds)."""
        kinds = len(self.now)
        onward = np.hstack([np.eye(kinds), float(_reach(np.array([days]))[0]) * np.eye(kinds)])
        return np.asarray(onward @ self.spread @ onward.T + self.restless * (0.5 + days / MONTH_DAYS))


def _reach(days: Floats) -> Floats:
    """How many months of the present slope lie between the last month's middle and a day."""
    months = 0.5 + days / MONTH_DAYS
    return np.asarray((1 - DAMPING**months) / (1 - DAMPING))


def fit_levels(observed: Floats, expected: Floats, beliefs: tuple[Belief, ...] = BELIEFS) -> Levels:
    """From events and how many were expected at level 1: (kinds, months), months in order."""
    kinds, months = observed.shape
    count, size = len(beliefs), 2 * kinds
    correlation = CORRELATION[:kinds, :kinds]
    step = np.eye(size)
    step[:kinds, kinds:] = np.eye(kinds)
    step[kinds:, kinds:] *= DAMPING
    noise, spread = np.zeros((count, size, size)), np.zeros((count, size, size))
    for place, belief in enumerate(beliefs):
        noise[place, :kinds, :kinds] = belief.restless**2 * correlation
        noise[place, kinds:, kinds:] = belief.turning**2 * correlation
        spread[place, :kinds, :kinds] = _FIRST_LEVEL**2 * correlation
        spread[place, kinds:, kinds:] = belief.first_slope**2 * correlation
    own = np.array([belief.own**2 for belief in beliefs])
    state, told = np.zeros((count, size)), np.zeros(count)
    history = []
    for month in range(months):
        if month:
            state, spread = state @ step.T, step @ spread @ step.T + noise
        before = (state, spread)
        due = np.maximum(expected[:, month] * np.exp(state[:, :kinds]), 1e-3)
        surprise = np.clip((observed[:, month] - due) / due, -_LARGEST_SURPRISE, _LARGEST_SURPRISE)
        total = spread[:, :kinds, :kinds] + (1 / due + own[:, None])[:, :, None] * np.eye(kinds)
        inverse = np.linalg.inv(total)
        gain = spread[:, :, :kinds] @ inverse
        told += -0.5 * (np.linalg.slogdet(total)[1] + np.einsum("bi,bij,bj->b", surprise, inverse, surprise))
        state = state + np.einsum("bij,bj->bi", gain, surprise)
        spread = spread - gain @ spread[:, :kinds, :]
        history.append((*before, state, spread))
    held = np.exp(told - told.max())
    held = held / held.sum()
    path = np.zeros((kinds, months))
    smooth = state
    for month in range(months - 1, -1, -1):
        if month < months - 1:
            next_before, next_spread = history[month + 1][:2]
            back = history[month][3] @ step.T @ np.linalg.inv(next_spread + 1e-12 * np.eye(size))
            smooth = history[month][2] + np.einsum("bij,bj->bi", back, smooth - next_before)
        path[:, month] = held @ smooth[:, :kinds]
    mean = held @ state
    apart = state - mean
    return Levels(
        path,
        mean[:kinds],
        mean[kinds:],
        np.asarray(np.einsum("b,bij->ij", held, spread) + np.einsum("b,bi,bj->ij", held, apart, apart)),
        np.asarray(np.einsum("b,bij->ij", held, noise[:, :kinds, :kinds])),
        held,
    )
