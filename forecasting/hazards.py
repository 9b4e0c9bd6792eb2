"""The competing risks of an open deal: each day in a stage it may move on, be won or be lost.

A daily hazard is a product of factors, per kind of event: a baseline by stage and age band, the class of amount, the position in the
fiscal quarter (by stage), the month of the year, the weekday, and a level that follows recent observed ÷ expected. The factors are fitted
jointly by iterated posterior means: each factor in turn, given all others, has a gamma posterior (Poisson counts with log exposure:
Holford 1980, Laird and Olivier 1981). Because all are fitted on the same counts, no effect is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.counts import KINDS, Counts
from forecasting.positions import WEEKS, Floats, Ints, Positions, positions
from forecasting.seasons import effects, summed


@dataclass(frozen=True)
class HazardSettings:
    """Prior beliefs, each with what it is in: variances are of the logarithm of a factor."""

    baseline_events: float = 3.0  # how many expected events the shape shared by all stages is worth
    class_events: float = 10.0  # how many the average class is worth
    weekday_events: float = 3.0
    month_of_quarter_prior: float = 0.35**2
    week_prior: float = 0.25**2
    month_of_year_prior: float = 0.15**2
    stage_season_prior: float = 0.25**2
    between_periods: float = 0.12**2
    level_prior: float = 0.1**2
    level_half_life: float = 90.0  # days
    memory_half_life: float = 720.0  # days
    sweeps: int = 5


@dataclass(frozen=True)
class Hazards:
    """Fitted daily hazards. Arrays begin with the kind of event: moved, won, lost."""

    base: Floats  # (kinds, stages, bands, classes), level included
    month_of_quarter: Floats  # (kinds, 3, stages)
    week: Floats  # (kinds, 13, stages)
    month_of_year: Floats  # (kinds, 12)
    weekday: Floats  # (kinds, 7)
    level: Floats  # (kinds,) already in base
    fiscal_year_start_month: int

    def season(self, days: Ints) -> Floats:
        """The factor of each day: (kinds, days, stages)."""
        at = positions(days, self.fiscal_year_start_month)
        return _season(self.month_of_quarter, self.week, self.month_of_year, at) * self.weekday[:, at.weekday, None]


def fit_hazards(counts: Counts, settings: HazardSettings) -> Hazards:
    """Fit every kind of event on all that was counted."""
    at = counts.positions
    fitted = [_fit_kind(counts, kind, at, settings) for kind in range(len(KINDS))]
    base, month_of_quarter, week, month_of_year, weekday, level = (np.array(part) for part in zip(*fitted, strict=True))
    return Hazards(base, month_of_quarter, week, month_of_year, weekday, level, counts.fiscal_year_start_month)


def _fit_kind(counts: Counts, kind: int, at: Positions, settings: HazardSettings) -> tuple[Floats, ...]:
    events = counts.events[kind]
    _, stages, bands, classes = counts.at_risk.shape
    weekday = _weekday(counts, kind, settings)
    newest = counts.cell_end[-1] if len(counts.cell_end) else 0
    memory = 0.5 ** ((newest - counts.cell_end) / settings.memory_half_life)
    worked = _mean_weekday(counts, weekday)
    exposure = counts.at_risk * worked[:, None, None, None]

    observed_base = np.tensordot(memory, events.sum(axis=3), 1)  # (stages, bands)
    observed_class = np.tensordot(memory, events.sum(axis=(1, 2)), 1)  # (classes,)
    observed_stage = events.sum(axis=(2, 3))  # (cells, stages)
    month_of_quarter, week = np.ones((3, stages)), np.ones((WEEKS, stages))
    month_of_year, by_class = np.ones(12), np.ones(classes)
    base = np.zeros((stages, bands))
    for _ in range(settings.sweeps):
        season = _season(month_of_quarter[None], week[None], month_of_year[None], at)[0]  # (cells, stages)
        by_band = exposure @ by_class  # (cells, stages, bands)
        base = _baseline(observed_base, np.einsum("t,ts,tsa->sa", memory, season, by_band), settings)
        weighted = np.einsum("ts,sa->tsa", memory[:, None] * season, base)
        expected_class = np.tensordot(weighted, exposure, 3)
        by_class = (settings.class_events + observed_class) / (settings.class_events + expected_class)
        by_class /= float((by_class * expected_class).sum() / expected_class.sum()) if expected_class.sum() > 0 else 1.0
        plain = np.einsum("tsa,sa->ts", exposure @ by_class, base)  # expected without season
        month_of_quarter, week, month_of_year = _seasons(observed_stage, plain, at, settings)
    season = _season(month_of_quarter[None], week[None], month_of_year[None], at)[0]
    expected = (np.einsum("tsa,sa->ts", exposure @ by_class, base) * season).sum(axis=1)
    level = _level(observed_stage.sum(axis=1), expected, newest - counts.cell_end, at.month, settings)
    return base[:, :, None] * by_class * level, month_of_quarter, week, month_of_year, weekday, np.asarray(level)


def _weekday(counts: Counts, kind: int, settings: HazardSettings) -> Floats:
    """How much more happens on each weekday than on the average day: (7,), of mean 1."""
    days = counts.day_first + np.arange(counts.day_events.shape[1])
    seen = np.bincount((days - 1) % 7, weights=counts.day_events[kind], minlength=7)
    share = (seen + settings.weekday_events) / (seen.sum() / 7 + settings.weekday_events)
    return np.asarray(share / share.mean())


def _mean_weekday(counts: Counts, weekday: Floats) -> Floats:
    """The mean weekday factor over the days of each cell: (cells,)."""
    if not len(counts.cell_start):
        return np.zeros(0)
    days = np.arange(counts.cell_start[0], counts.cell_end[-1])
    running = np.concatenate([[0.0], np.cumsum(weekday[(days - 1) % 7])])
    first, end = counts.cell_start - counts.cell_start[0], counts.cell_end - counts.cell_start[0]
    return np.asarray((running[end] - running[first]) / (end - first))


def _baseline(observed: Floats, expected: Floats, settings: HazardSettings) -> Floats:
    """Hazards by stage and age band, shrunk to the stage's mean times the shape over ages that all stages share."""
    total = expected.sum()
    overall = (observed.sum() + 0.5) / (total + 0.5 / 0.01) if total > 0 else 0.01
    by_stage = (settings.baseline_events + observed.sum(axis=1)) / (
        settings.baseline_events + overall * expected.sum(axis=1)
    )
    stage_expected = overall * by_stage[:, None] * expected
    shape = (settings.baseline_events + observed.sum(axis=0)) / (settings.baseline_events + stage_expected.sum(axis=0))
    prior = overall * by_stage[:, None] * shape
    return np.asarray(prior * (settings.baseline_events + observed) / (settings.baseline_events + prior * expected))


def _seasons(observed: Floats, plain: Floats, at: Positions, settings: HazardSettings) -> tuple[Floats, Floats, Floats]:
    """Season factors shared by all stages, then each stage's own deviation from them."""
    stages = observed.shape[1]
    total, expected = observed.sum(axis=1), plain.sum(axis=1)
    between = settings.between_periods
    by_month = effects(
        total, expected, at.month_of_quarter, at.quarter, count=3, prior=settings.month_of_quarter_prior, between=between
    )
    expected = expected * by_month[at.month_of_quarter]
    by_week = effects(total, expected, at.week_of_quarter, at.quarter, count=WEEKS, prior=settings.week_prior, between=between)
    expected = expected * by_week[at.week_of_quarter]
    by_year = effects(
        total, expected, at.month_of_year, at.month, count=12, prior=settings.month_of_year_prior, between=between
    )
    own = plain * (by_month[at.month_of_quarter] * by_week[at.week_of_quarter] * by_year[at.month_of_year])[:, None]
    own_month = effects(
        observed, own, at.month_of_quarter, at.quarter, count=3, prior=settings.stage_season_prior, between=between
    )
    own = own * own_month[at.month_of_quarter]
    own_week = effects(
        observed, own, at.week_of_quarter, at.quarter, count=WEEKS, prior=settings.stage_season_prior / 2, between=between
    )
    return by_month[:, None] * own_month, by_week[:, None] * own_week * np.ones((1, stages)), by_year


def _level(observed: Floats, expected: Floats, days_ago: Ints, month: Ints, settings: HazardSettings) -> float:
    """Recent observed ÷ expected: a gamma state that forgets (West and Harrison 1997, discount models)."""
    months, place = np.unique(month, return_inverse=True)
    seen, due = summed(observed, place, len(months)), summed(expected, place, len(months))
    ago = np.array([days_ago[place == i].min() for i in range(len(months))]) if len(months) else np.zeros(0)
    weight = 0.5 ** (ago / settings.level_half_life) / (1 + settings.between_periods * due)
    return float((1 / settings.level_prior + weight @ seen) / (1 / settings.level_prior + weight @ due))


def _season(month_of_quarter: Floats, week: Floats, month_of_year: Floats, at: Positions) -> Floats:
    """(kinds, cells, stages) from factors that begin with the kind."""
    return np.asarray(
        month_of_quarter[:, at.month_of_quarter] * week[:, at.week_of_quarter] * month_of_year[:, at.month_of_year, None]
    )
