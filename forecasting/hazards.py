"""The competing risks of an open deal: each day in a stage it may move on, be won or be lost.

A daily hazard is a product of factors, per kind of event: a baseline by stage and age band, the class of amount, the position in the
fiscal quarter (by stage), the month of the year, the weekday, and a level that moves from month to month (levels.py). The factors
are fitted jointly by iterated posterior means: each factor in turn, given all others, has a gamma posterior (Poisson counts with log
exposure: Holford 1980, Laird and Olivier 1981). Because all are fitted on the same counts, no effect is counted twice, and what a
drift did is not taken for a season.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.counts import KINDS, LOST, MOVED, WON, Counts
from forecasting.levels import Levels, fit_levels
from forecasting.positions import MONTHS, TURN_OF_YEAR, WEEKS, Floats, Ints, Positions, positions
from forecasting.seasons import effects, summed, weekday_factors


@dataclass(frozen=True)
class HazardSettings:
    """Prior beliefs, each with what it is in: variances are of the logarithm of a factor."""

    baseline_events: float = 2.0  # how many events the shape over ages that all stages share is worth, in one stage
    neighbour_events: float = 1.0  # how many the next younger or older band is worth, in that shape
    class_events: float = 5.0  # how many the next smaller or larger class of amount is worth
    weekday_events: float = 3.0
    month_of_quarter_prior: float = 0.35**2
    week_prior: float = 0.25**2
    month_of_year_prior: float = 0.15**2
    turn_of_year_prior: float = 0.25**2  # holidays do more than a month does
    stage_season_prior: float = 0.25**2
    between_periods: float = 0.12**2
    memory_half_life: float = 1500.0  # days
    sweeps: int = 5
    levelled_after: tuple[int, ...] = (1, 3)  # sweeps, the first is 0, after which the path of levels is fitted anew


@dataclass(frozen=True)
class Hazards:
    """Fitted daily hazards. Arrays begin with the kind of event: moved, won, lost."""

    base: Floats  # (kinds, stages, bands, classes), at level 1
    month_of_quarter: Floats  # (kinds, 3, stages)
    week: Floats  # (kinds, 13, stages)
    month_of_year: Floats  # (kinds, 13)
    weekday: Floats  # (kinds, 7)
    levels: Levels
    newest: int  # the day before which all is known
    fiscal_year_start_month: int

    def season(self, days: Ints) -> Floats:
        """The factor of each day, its level included: (kinds, days, stages)."""
        at = positions(days, self.fiscal_year_start_month)
        level = np.exp(self.levels.ahead(np.maximum(0, days - self.newest) + 0.5))
        season = _season(self.month_of_quarter, self.week, self.month_of_year, at)
        return np.asarray(season * (self.weekday[:, at.weekday] * level)[:, :, None])


def fit_hazards(counts: Counts, settings: HazardSettings) -> Hazards:
    """Fit every kind of event on all that was counted."""
    at = counts.positions
    fits = [_Fit(counts, kind, at, settings) for kind in range(len(KINDS))]
    pace = np.ones((len(_PACES), MONTHS))
    priors = np.full(MONTHS, settings.month_of_year_prior)
    priors[TURN_OF_YEAR] = settings.turn_of_year_prior
    months, place = np.unique(at.month, return_inverse=True)
    for sweep in range(settings.sweeps):
        for number, kinds in enumerate(_PACES):
            for kind in kinds:
                fits[kind].sweep(pace[number])
            pace[number] = effects(
                sum(fits[kind].observed_stage.sum(axis=1) for kind in kinds),
                sum(fits[kind].expected(np.ones(MONTHS)).sum(axis=1) for kind in kinds),
                at.month_of_year,
                at.month,
                count=MONTHS,
                prior=priors,
                between=settings.between_periods,
            )
        if sweep in settings.levelled_after:
            levels = fit_levels(*_monthly(fits, pace, place, len(months)))
            for fit, path in zip(fits, levels.path, strict=True):
                fit.at_level(path[place])
    month_of_year = np.empty((len(KINDS), MONTHS))
    for number, kinds in enumerate(_PACES):
        month_of_year[list(kinds)] = pace[number]
    levels = fit_levels(*_monthly(fits, pace, place, len(months)))
    return Hazards(
        base=np.array([fit.base[:, :, None] * fit.by_class for fit in fits]),
        month_of_quarter=np.array([fit.month_of_quarter for fit in fits]),
        week=np.array([fit.week for fit in fits]),
        month_of_year=month_of_year,
        weekday=np.array([fit.weekday for fit in fits]),
        levels=levels,
        newest=int(counts.cell_end[-1]) if len(counts.cell_end) else counts.day_first,
        fiscal_year_start_month=counts.fiscal_year_start_month,
    )


# What is good news is delayed by the same slow months, whatever the kind; bad news has its own.
_PACES = ((MOVED, WON), (LOST,))


def _monthly(fits: list[_Fit], pace: Floats, place: Ints, months: int) -> tuple[Floats, Floats]:
    """Events and how many were expected at level 1, by kind and month."""
    observed = [summed(fit.observed_stage.sum(axis=1), place, months) for fit in fits]
    paces = {kind: pace[number] for number, kinds in enumerate(_PACES) for kind in kinds}
    expected = [
        summed((fit.expected(paces[kind]) / fit.path[:, None]).sum(axis=1), place, months) for kind, fit in enumerate(fits)
    ]
    return np.array(observed), np.array(expected)


class _Fit:
    """The factors of one kind of event while they are being fitted."""

    def __init__(self, counts: Counts, kind: int, at: Positions, settings: HazardSettings) -> None:
        _, stages, bands, classes = counts.at_risk.shape
        events = counts.events[kind]
        self._settings, self._at = settings, at
        self.weekday = _weekday(counts, kind, settings)
        newest = counts.cell_end[-1] if len(counts.cell_end) else 0
        self._days_ago = newest - counts.cell_end
        self._memory = 0.5 ** (self._days_ago / settings.memory_half_life)
        self._neutral_exposure = counts.at_risk * _mean_weekday(counts, self.weekday)[:, None, None, None]
        self._exposure, self.path = self._neutral_exposure, np.ones(len(counts.cell_start))
        self._observed_base = np.tensordot(self._memory, events.sum(axis=3), 1)  # (stages, bands)
        self._observed_class = np.tensordot(self._memory, events.sum(axis=(1, 2)), 1)  # (classes,)
        self.observed_stage = events.sum(axis=(2, 3))  # (cells, stages)
        self.month_of_quarter, self.week = np.ones((3, stages)), np.ones((WEEKS, stages))
        self.by_class = np.ones(classes)
        self.base = np.zeros((stages, bands))
        self._plain = np.zeros((len(counts.cell_start), stages))

    def sweep(self, month_of_year: Floats) -> None:
        """Each factor in turn, given the others."""
        season = self._season(month_of_year)
        by_band = self._exposure @ self.by_class  # (cells, stages, bands)
        weighted_season = self._memory[:, None] * season
        self.base = _baseline(self._observed_base, np.einsum("ts,tsa->sa", weighted_season, by_band), self._settings)
        expected = np.tensordot(weighted_season[:, :, None] * self.base, self._exposure, 3)  # (classes,)
        # Class 0 is that no amount is known; the others are in order of size.
        strength, observed = self._settings.class_events, self._observed_class
        unknown = (strength + observed[:1]) / (strength + expected[:1])
        by_class = np.concatenate([unknown, _chained(observed[1:], expected[1:], strength)])
        # The classes' factors have mean 1 over what is expected, so that they take nothing from the baseline.
        self.by_class = by_class * (expected.sum() / (by_class @ expected)) if expected.sum() > 0 else by_class
        self._plain = np.einsum("tsa,sa->ts", self._exposure @ self.by_class, self.base)
        slow = month_of_year[self._at.month_of_year, None]
        self.month_of_quarter, self.week = _quarter_season(self.observed_stage, self._plain * slow, self._at, self._settings)

    def expected(self, month_of_year: Floats) -> Floats:
        """Events expected of every cell and stage, with this factor for the month of the year: (cells, stages)."""
        return np.asarray(self._plain * self._season(month_of_year))

    def at_level(self, path: Floats) -> None:
        """Let the other factors be fitted at these logs of levels: (cells,)."""
        self._plain = self._plain / self.path[:, None]
        self.path = np.exp(path)
        self._plain = self._plain * self.path[:, None]
        self._exposure = self._neutral_exposure * self.path[:, None, None, None]

    def _season(self, month_of_year: Floats) -> Floats:
        return np.asarray(_season(self.month_of_quarter[None], self.week[None], month_of_year[None], self._at)[0])


def _weekday(counts: Counts, kind: int, settings: HazardSettings) -> Floats:
    """How much more happens on each weekday than on the average day: (7,), of mean 1."""
    days = counts.day_first + np.arange(counts.day_events.shape[1])
    return weekday_factors(counts.day_events[kind], (days - 1) % 7, settings.weekday_events)


def _mean_weekday(counts: Counts, weekday: Floats) -> Floats:
    """The mean weekday factor over the days of each cell: (cells,)."""
    if not len(counts.cell_start):
        return np.zeros(0)
    days = np.arange(counts.cell_start[0], counts.cell_end[-1])
    running = np.concatenate([[0.0], np.cumsum(weekday[(days - 1) % 7])])
    first, end = counts.cell_start - counts.cell_start[0], counts.cell_end - counts.cell_start[0]
    return np.asarray((running[end] - running[first]) / (end - first))


def _baseline(observed: Floats, expected: Floats, settings: HazardSettings) -> Floats:
    """Hazards by stage and age band (stages, bands), from events and deal-days.

    Shrunk to the stage's mean times the shape over ages that all stages share; in the shape each band is shrunk to its neighbour.
    """
    strength = settings.baseline_events
    total = expected.sum()
    overall = (observed.sum() + 0.5) / (total + 50) if total > 0 else 0.01
    by_stage = overall * (strength + observed.sum(axis=1)) / (strength + overall * expected.sum(axis=1))
    shape = _chained(observed.sum(axis=0), (by_stage[:, None] * expected).sum(axis=0), settings.neighbour_events)
    prior = by_stage[:, None] * shape
    return np.asarray(prior * (strength + observed) / (strength + prior * expected))


def _chained(observed: Floats, expected: Floats, strength: float) -> Floats:
    """Factors of ordered positions: each has a gamma prior around its neighbour, from where most is expected outwards."""
    factor = np.ones(len(observed))
    if not len(observed):
        return factor
    middle = int(expected.argmax())
    factor[middle] = (strength + observed[middle]) / (strength + expected[middle])
    for order in (range(middle + 1, len(observed)), range(middle - 1, -1, -1)):
        before = middle
        for place in order:
            factor[place] = (strength + observed[place]) / (strength / factor[before] + expected[place])
            before = place
    return factor


def _quarter_season(observed: Floats, plain: Floats, at: Positions, settings: HazardSettings) -> tuple[Floats, Floats]:
    """Factors of the quarter's months and weeks: what all stages share, times each stage's own deviation. (3, stages), (13, stages)."""
    between, own_prior = settings.between_periods, settings.stage_season_prior
    month, week, quarter = at.month_of_quarter, at.week_of_quarter, at.quarter
    total, expected = observed.sum(axis=1), plain.sum(axis=1)
    by_month = effects(total, expected, month, quarter, count=3, prior=settings.month_of_quarter_prior, between=between)
    expected = expected * by_month[month]
    by_week = effects(total, expected, week, quarter, count=WEEKS, prior=settings.week_prior, between=between)
    own = plain * (by_month[month] * by_week[week])[:, None]
    own_month = effects(observed, own, month, quarter, count=3, prior=own_prior, between=between)
    own = own * own_month[month]
    own_week = effects(observed, own, week, quarter, count=WEEKS, prior=own_prior / 2, between=between)
    return by_month[:, None] * own_month, by_week[:, None] * own_week


def _season(month_of_quarter: Floats, week: Floats, month_of_year: Floats, at: Positions) -> Floats:
    """(kinds, cells, stages) from factors that begin with the kind."""
    return np.asarray(
        month_of_quarter[:, at.month_of_quarter] * week[:, at.week_of_quarter] * month_of_year[:, at.month_of_year, None]
    )
