"""What was counted of the past: deals at risk and what became of them, by time, stage, age in the stage and class of amount.

Belongs here: the shapes of these counts, from frames of few rows. Does not belong here: estimating anything from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.positions import Floats, Ints, Positions, positions

# First age of each band: days since the stage was entered. The last band has no end; nobody is at risk at age 0.
AGE_BANDS = (1, 3, 7, 14, 21, 35, 49, 63, 77, 91, 105, 119, 133, 147, 181)
MOVED, WON, LOST = 0, 1, 2
KINDS = ("moved", "won", "lost")


@dataclass(frozen=True)
class Counts:
    """Dense arrays over time cells, stages, age bands and classes of amount; cells are in time order.

    ``at_risk`` is in deal-days: a deal is at risk in a stage from the day after it enters to the day it leaves.
    """

    cell_start: Ints  # (cells,) first day of each
    cell_end: Ints  # (cells,) the day after its last
    at_risk: Floats  # (cells, stages, bands, classes)
    events: Floats  # (kinds, cells, stages, bands, classes)
    day_first: int
    day_events: Floats  # (kinds, days) what happened on each day since day_first
    fiscal_year_start_month: int

    def until(self, day: int) -> Counts:
        """Only what was known before a day: cells that had ended."""
        cells = int(np.searchsorted(self.cell_end, day, side="right"))
        days = max(0, day - self.day_first)
        return Counts(
            self.cell_start[:cells],
            self.cell_end[:cells],
            self.at_risk[:cells],
            self.events[:, :cells],
            self.day_first,
            self.day_events[:, :days],
            self.fiscal_year_start_month,
        )

    @property
    def positions(self) -> Positions:
        """Of the cells."""
        return positions(self.cell_start, self.fiscal_year_start_month)


def age_band(age: Ints) -> Ints:
    """The band of ages in days."""
    return np.asarray(np.maximum(0, np.searchsorted(np.array(AGE_BANDS), age, side="right") - 1))


def band_of_age(oldest: int) -> NDArray[np.int64]:
    """The band of every age from 0 to ``oldest``."""
    return age_band(np.arange(oldest + 1))
