"""Random draws: one independent, named stream per part of the simulation, so that a change in one part leaves
the numbers of the others alone. The only place that makes a random generator.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import log
from typing import TypeVar

import numpy as np

T = TypeVar("T")

# A stream's place in this list is part of its seed: append, never reorder.
STREAMS = (
    "people",
    "organisations",
    "leads",
    "emails",
    "births",
    "funnel",
    "deals",
    "activities",
    "quotas",
    "dirt",
    "in_flight",
)


# Uniform numbers are drawn in blocks: one at a time costs several times as much.
_BLOCK = 4096


class Draws:
    """Scalar draws in plain Python types, from one stream of a seed."""

    def __init__(self, seed: int, stream: str) -> None:
        self.generator = np.random.default_rng([seed, STREAMS.index(stream)])
        self._block: list[float] = []

    def random(self) -> float:
        """A number from 0 to just below 1."""
        if not self._block:
            self._block = self.generator.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[int(self.random() * len(items))]

    def weighted(self, weights: tuple[float, ...]) -> int:
        """The index of one weight, as likely as its weight."""
        cumulative = _cumulative(weights)
        return min(bisect_right(cumulative, self.random() * cumulative[-1]), len(weights) - 1)

    def exponential(self, mean: float) -> float:
        """A waiting time with this mean."""
        return -mean * log(1 - self.random())

    def normal(self) -> float:
        """A standard normal."""
        return float(self.generator.standard_normal())

    def poisson(self, mean: float) -> int:
        """A count with this mean."""
        return int(self.generator.poisson(mean))


@lru_cache(maxsize=4096)
def _cumulative(weights: tuple[float, ...]) -> list[float]:
    return list(accumulate(weights))
