"""How many deals will come into the pipeline on each day to come, and where they enter it.

A daily rate is a product of a weekday, a season (as for hazards), a trend that is shrunk hard, and a level that forgets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.positions import MONTHS, WEEKS, Floats, Ints, positions
from forecasting.seasons import effects, summed, weekday_factors


@dataclass(frozen=True)
class ArrivalSettings:
    """Prior beliefs; variances are of logarithms."""

    weekday_events: float = 3.0
    month_of_quarter_prior: float = 0.1**2
    week_prior: float = 0.05**2
    month_of_year_prior: float = 0.12**2
    between_periods: float = 0.1**2
    growth_prior: float = 0.15**2  # of a year's growth
    half_life: float = 150.0  # days that the level remembers
    mix_half_life: float = 240.0
    sweeps: int = 4


@dataclass(frozen=True)
class ArrivalCounts:
    """Deals that came in, by day since ``day_first``, stage entered (the last: won at once) and class of amount: (days, stages +
    1, classes)."""

    day_first: int
    entered: Floats
    fiscal_year_start_month: int

    def until(self, day: int) -> ArrivalCounts:
        """Only what was known before a day."""
        return ArrivalCounts(self.day_first, self.entered[: max(0, day - self.day_first)], self.fiscal_year_start_month)


@dataclass(frozen=True)
class Arrivals:
    """A fitted rate. ``rate`` is deals a day on a neutral day at ``at_day``; ``mix`` (classes, stages + 1) sums to 1."""

    rate: float
    at_day: int
    growth: float  # log per day
    month_of_quarter: Floats
    week: Floats
    month_of_year: Floats
    weekday: Floats
    mix: Floats
    seen: float  # how many arrivals the level stands on
    fiscal_year_start_month: int

    def daily(self, days: Ints) -> Floats:
        """Expected deals on each day."""
        at = positions(days, self.fiscal_year_start_month)
        season = (
            self.month_of_quarter[at.month_of_quarter] * self.week[at.week_of_quarter] * self.month_of_year[at.month_of_year]
        )
        return np.asarray(self.rate * season * self.weekday[at.weekday] * np.exp(self.growth * (days - self.at_day)))


def fit_arrivals(counts: ArrivalCounts, settings: ArrivalSettings) -> Arrivals:
    """Fit on every day counted."""
    seen = counts.entered.sum(axis=(1, 2))
    days = counts.day_first + np.arange(len(seen))
    at = positions(days, counts.fiscal_year_start_month)
    newest = counts.day_first + len(seen)
    ago = newest - days
    weekday = weekday_factors(seen, at.weekday, settings.weekday_events)
    month_of_quarter, week, month_of_year, growth = np.ones(3), np.ones(WEEKS), np.ones(MONTHS), 0.0
    mean = seen.sum() / max(1, len(seen))
    between = settings.between_periods
    for _ in range(settings.sweeps):
        trend = weekday[at.weekday] * np.exp(-growth * ago)
        season = month_of_quarter[at.month_of_quarter] * week[at.week_of_quarter] * month_of_year[at.month_of_year]
        mean = (seen.sum() + 0.5) / ((trend * season).sum() + 0.5) if len(seen) else 0.0
        growth = _growth(seen, mean * trend * season, ago, at.month, growth, settings)
        plain = mean * weekday[at.weekday] * np.exp(-growth * ago)
        month_of_quarter = effects(
            seen, plain, at.month_of_quarter, at.quarter, count=3, prior=settings.month_of_quarter_prior, between=between
        )
        plain = plain * month_of_quarter[at.month_of_quarter]
        week = effects(seen, plain, at.week_of_quarter, at.quarter, count=WEEKS, prior=settings.week_prior, between=between)
        plain = plain * week[at.week_of_quarter]
        month_of_year = effects(
            seen, plain, at.month_of_year, at.month, count=MONTHS, prior=settings.month_of_year_prior, between=between
        )
    season = month_of_quarter[at.month_of_quarter] * week[at.week_of_quarter] * month_of_year[at.month_of_year]
    forget = 0.5 ** (ago / settings.half_life)
    due = weekday[at.weekday] * season * np.exp(-growth * ago)
    rate = float((forget @ seen) / (forget @ due)) if len(seen) else 0.0
    recent = 0.5 ** (ago / settings.mix_half_life)
    mix = np.tensordot(recent, counts.entered, 1).T  # (classes, stages)
    mix = mix / mix.sum() if mix.sum() > 0 else mix
    return Arrivals(
        rate,
        newest,
        growth,
        month_of_quarter,
        week,
        month_of_year,
        weekday,
        np.asarray(mix),
        float(forget @ seen),
        counts.fiscal_year_start_month,
    )


def _growth(seen: Floats, expected: Floats, ago: Ints, month: Ints, growth: float, settings: ArrivalSettings) -> float:
    """One Newton step on the log-linear trend, by months that are overdispersed: log per day."""
    months, place = np.unique(month, return_inverse=True)
    observed, due = summed(seen, place, len(months)), summed(expected, place, len(months))
    years_ago = summed(ago / 365.25, place, len(months)) / np.maximum(1, np.bincount(place, minlength=len(months)))
    weight = 1 / (1 + settings.between_periods * due)
    centre = float((weight * due) @ years_ago / max(1e-12, (weight * due).sum()))
    lever = centre - years_ago  # later months are positive
    score = float((weight * (observed - due)) @ lever) - growth * 365.25 / settings.growth_prior
    information = float((weight * due) @ lever**2) + 1 / settings.growth_prior
    return growth + score / information / 365.25
