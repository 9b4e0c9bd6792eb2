"""Shares with their intervals, quantiles, and what each factor of a product did to its change.

Belongs here: formulas, from their papers. Does not belong here: what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

Z = 1.959963984540054


def wilson(successes: float, trials: float) -> tuple[float | None, float | None]:
    """The 95 % score interval: the p for which |p̂ - p| = z·√(p(1-p)/n), by the quadratic formula."""
    if trials <= 0:
        return None, None
    share = successes / trials
    a, b, c = 1 + Z * Z / trials, -(2 * share + Z * Z / trials), share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return max(0.0, (-b - root) / (2 * a)), min(1.0, (-b + root) / (2 * a))


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def quantile(values: Sequence[float], at: float) -> float | None:
    """Between the two nearest values, in proportion."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * at
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def shapley(now: Sequence[float], before: Sequence[float]) -> list[float]:
    """Each factor's effect, averaged over all orders in which they could have changed."""
    contributions = [0.0] * len(now)
    orders = list(permutations(range(len(now))))
    for order in orders:
        state = list(before)
        for factor in order:
            earlier = math.prod(state)
            state[factor] = now[factor]
            contributions[factor] += (math.prod(state) - earlier) / len(orders)
    return contributions


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float] | None:
    """The difference of two shares with its interval (Newcombe 1998, method 10)."""
    if not one[1] or not other[1]:
        return None
    (low_1, high_1), (low_2, high_2) = wilson(*one), wilson(*other)
    p_1, p_2 = one[0] / one[1], other[0] / other[1]
    assert low_1 is not None
    assert high_1 is not None
    assert low_2 is not None
    assert high_2 is not None
    return (
        p_1 - p_2,
        p_1 - p_2 - math.hypot(p_1 - low_1, high_2 - p_2),
        p_1 - p_2 + math.hypot(high_1 - p_1, p_2 - low_2),
    )
