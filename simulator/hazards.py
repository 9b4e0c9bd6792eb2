"""The competing risks of an open deal: each day in a stage it may move forward, be lost or move back.

Pure arithmetic from the company's parameters, so that a benchmark's oracle can ask for the same risks that
the simulation draws from. The stated probabilities and mean days hold on neutral days for a neutral deal.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.company import Company
from simulator.workdays import Floats

Indices = NDArray[np.int64]
Bools = NDArray[np.bool_]
OLDEST = 720  # days in a stage after which the risks no longer change


@dataclass(frozen=True)
class Risks:
    """Daily hazards by segment, stage and days in it: arrays of shape (segments, stages, OLDEST + 1)."""

    forward: Floats
    lost: Floats
    back: Floats


@lru_cache(maxsize=16)
def risk_tables(company: Company) -> Risks:
    """Hazards that give each segment and stage its stated probabilities and mean days."""
    shape = (len(company.segments), len(company.stages), OLDEST + 1)
    tables = Risks(np.zeros(shape), np.zeros(shape), np.zeros(shape))
    for s, segment in enumerate(company.segments):
        for k, stage in enumerate(company.stages):
            lost = stage.lost * segment.losing
            targets = np.array([1 - lost - stage.back, lost, stage.back])
            forward, losing, back = _calibrated(targets, stage.mean_days * segment.pace)
            tables.forward[s, k], tables.lost[s, k], tables.back[s, k] = forward, losing, back
    return tables


def daily_risks(
    company: Company,
    tables: Risks,
    *,
    stage: Indices,
    age: Indices,
    segment: Indices,
    season: tuple[float, ...],
    rep_pace: Floats,
    size: Floats,
    source_losing: Floats,
    care: Floats,
    is_neglected: Bools,
) -> tuple[Floats, Floats, Floats]:
    """One day's hazards of open deals: forward, lost, back.

    `season` is the day's (forward, closing, losing, working) from the calendar.
    """
    forward_season, closing_season, losing_season, working = season
    late = stage >= len(company.stages) - 2
    large = np.exp(company.size_effect * size)
    forward = tables.forward[segment, stage, age] * np.where(late, closing_season, forward_season) * rep_pace * care / large
    lost = tables.lost[segment, stage, age] * losing_season * source_losing * large
    back = tables.back[segment, stage, age] * working
    # Nobody works a neglected deal, so nothing good happens to it, and nobody writes it off either.
    return (
        np.where(is_neglected, 0.05 * forward, forward),
        np.where(is_neglected, 0.12 * lost, lost),
        np.where(is_neglected, 0.0, back),
    )


def stage_probabilities(company: Company, segment: int) -> list[tuple[float, float, float]]:
    """For each stage the neutral chance to leave it forward, lost, back."""
    losing = company.segments[segment].losing
    return [(1 - stage.lost * losing - stage.back, stage.lost * losing, stage.back) for stage in company.stages]


def win_probabilities(company: Company, segment: int) -> list[float]:
    """For each stage the neutral chance that a deal now in it is won, skips and moves back included."""
    count = len(company.stages)
    steps = np.zeros((count, count))
    won = np.zeros(count)
    for k, (forward, _, back) in enumerate(stage_probabilities(company, segment)):
        skip = company.skip_chance if k + 2 <= count - 1 else 0.0
        if k + 1 == count:
            won[k] = forward
        else:
            steps[k, k + 1] += forward * (1 - skip)
            if skip:
                steps[k, k + 2] += forward * skip
        if k > 0:
            steps[k, k - 1] += back
    return [float(p) for p in np.linalg.solve(np.eye(count) - steps, won)]


def _calibrated(targets: Floats, mean_days: float) -> Floats:
    """Three hazards by age whose exits have the wanted probabilities and mean age, by iteration."""
    age = np.arange(OLDEST + 1)
    x = age / mean_days
    shapes = np.array(
        [
            (0.3 + 2 * x) / (1 + x**2),  # forward: slow at first, likeliest about the usual time, then fading
            0.5 + 0.5 * np.minimum(x, 3),  # lost: likelier the longer nothing happens
            np.ones(OLDEST + 1),
        ]
    )
    shapes[:, 0] = 0  # nothing happens on the day of entry itself
    scale = targets / mean_days
    for _ in range(200):
        hazards = scale[:, None] * shapes
        total = hazards.sum(axis=0)
        alive = np.exp(-np.concatenate([[0.0], np.cumsum(total)[:-1]]))
        leaving = alive * (1 - np.exp(-total))
        share = np.divide(hazards, total, out=np.zeros_like(hazards), where=total > 0)
        reached = (share * leaving).sum(axis=1)
        mean = float((age * leaving).sum())
        step = np.divide(targets, reached, out=np.ones(3), where=reached > 0) * (mean / mean_days)
        scale = scale * step
        if float(np.abs(step - 1).max()) < 1e-12:
            break
    return np.asarray(scale[:, None] * shapes)
