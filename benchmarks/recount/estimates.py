"""What a cohort will come to: the Aalen–Johansen estimate by whole days, and its interval. docs/definitions.md has the formulas.

Belongs here: days and events of a cohort and of those that stand in for what it has not seen yet.
Does not belong here: who is in a cohort.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.recount.rates import Z, wilson


@dataclass(frozen=True)
class Watched:
    """Days until it advanced or was lost, or, where neither, that it was followed."""

    days: int
    event: str | None


@dataclass(frozen=True)
class Estimate:
    rate: float
    low: float
    high: float
    unresolved: float
    left: int


def aalen_johansen(own: Sequence[Watched], others: Sequence[Watched], youngest: int) -> Estimate | None:
    """`others` enter at the age of the youngest of `own`. None where nobody has left."""
    if all(each.event is not None for each in own):
        others = ()
    others = [each for each in others if each.days > youngest]
    days = sorted({each.days for each in (*own, *others) if each.event is not None})
    if not days:
        return None
    steps = []
    surviving, rate = 1.0, 0.0
    for day in days:
        if surviving < 1e-12:
            break
        at_risk_own = sum(each.days >= day for each in own)
        at_risk = at_risk_own + (sum(each.days >= day for each in others) if day > youngest else 0)
        advanced = sum(each.days == day and each.event == "advanced" for each in (*own, *others))
        left = sum(each.days == day and each.event is not None for each in (*own, *others))
        rate += surviving * advanced / at_risk
        steps.append((surviving, at_risk, at_risk_own, advanced, left, rate))
        surviving *= 1 - left / at_risk
    variance = chance = 0.0
    for before, at_risk, at_risk_own, advanced, left, until in steps:
        rest = rate - until
        part = before * before * advanced * (
            at_risk - advanced
        ) / at_risk**3 - 2 * rest * before * advanced / at_risk**2 * _of(at_risk, left)
        if at_risk > left:
            part += rest * rest * left / (at_risk * (at_risk - left))
        variance += part
        chance += part * (at_risk - at_risk_own) / (len(own) * before)
    left_together = sum(step[4] for step in steps)
    low, high = _interval(rate, variance, chance, left_together, len(own) if any(step[1] > step[2] for step in steps) else 0)
    return Estimate(rate, low, high, surviving, left_together)


def _of(at_risk: int, left: int) -> float:
    """Nothing is left to come where all leave at once."""
    return 1.0 if at_risk >= left else 0.0


def _interval(rate: float, variance: float, chance: float, left: int, own: int) -> tuple[float, float]:
    spread = rate * (1 - rate)
    if spread < 1e-12 or variance < 1e-15:
        # All or none: worth those who left, and the cohort's own are still to come where others stood in for it.
        return _joint(float(round(rate)), left, own)
    return _joint(rate, spread / variance, spread / chance if chance > 1e-15 else 0)


def _joint(rate: float, worth: float, coming: float) -> tuple[float, float]:
    """All x with (x - rate)² ≤ z² x̄ (1 - x̄) (1/N + 1/M); without anything to come, Wilson's."""
    if not coming:
        low, high = wilson(rate * worth, worth)
        return low or 0.0, high if high is not None else 1.0
    a, b = worth * rate / (worth + coming), coming / (worth + coming)
    k = Z * Z * (1 / worth + 1 / coming)
    two, one, zero = 1 + k * b * b, -(2 * rate + k * b * (1 - 2 * a)), rate * rate - k * a * (1 - a)
    root = math.sqrt(max(one * one - 4 * two * zero, 0))
    return max(0.0, (-one - root) / (2 * two)), min(1.0, (-one + root) / (2 * two))
