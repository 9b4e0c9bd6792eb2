"""Where a day lies in the company's calendar: its month, its fiscal quarter, and how far it is from the quarter's end.

Belongs here: arithmetic on days. Does not belong here: what happens on them (seasons.py).
Days are date ordinals (``datetime.date.toordinal``) in arrays of whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WEEKS = 13
MONTHS = 13
TURN_OF_YEAR = MONTHS - 1
_TURN_OF_YEAR_DAYS = (11, 20, 2)  # from 20 December to 2 January: two weeks
_EPOCH = 719163  # the ordinal of 1970-01-01


@dataclass(frozen=True)
class Positions:
    """Of each day: arrays of one length. ``quarter`` and ``month`` number quarters and months from some beginning on."""

    week_of_quarter: Ints  # 0 to 12; 12 is the quarter's last seven days, 0 holds whatever is left at its start
    month_of_quarter: Ints  # 0 to 2
    month_of_year: Ints  # 0 to 11, from January; 12 is the turn of the year, in which little gets done in most companies
    weekday: Ints  # 0 is Monday
    quarter: Ints
    month: Ints


def positions(days: Ints, fiscal_year_start_month: int) -> Positions:
    """The positions of days, in quarters that begin with the fiscal year's."""
    month = _months(days)
    shifted = month - (fiscal_year_start_month - 1)
    quarter = shifted // 3
    end = _first_days(quarter * 3 + 3 + (fiscal_year_start_month - 1))
    return Positions(
        week_of_quarter=np.maximum(0, WEEKS - 1 - (end - 1 - days) // 7),
        month_of_quarter=shifted % 3,
        month_of_year=np.where(_is_turn_of_year(days, month), TURN_OF_YEAR, month % 12),
        weekday=(days - 1) % 7,
        quarter=quarter,
        month=month,
    )


def cell_starts(first_day: int, end: int, fiscal_year_start_month: int) -> Ints:
    """First days of the cells of time that counts are kept in: parts of a week of the quarter in one month."""
    days = np.arange(first_day, end)
    at = positions(days, fiscal_year_start_month)
    key = (at.month * MONTHS + at.month_of_year) * WEEKS + at.week_of_quarter
    return np.asarray(days[np.concatenate([[True], np.diff(key) != 0])])


def _is_turn_of_year(days: Ints, month: Ints) -> NDArray[np.bool_]:
    december, since, until = _TURN_OF_YEAR_DAYS
    day_of_month = days - _first_days(month) + 1
    return np.asarray(((month % 12 == december) & (day_of_month >= since)) | ((month % 12 == 0) & (day_of_month <= until)))


def _months(days: Ints) -> Ints:
    """Months since January of year 0 of numpy's calendar (1970): any fixed beginning will do, if years begin with a multiple of 12."""
    dates = (days - _EPOCH).astype("datetime64[D]")
    return np.asarray(dates.astype("datetime64[M]").astype(np.int64) + 12 * 1970)


def _first_days(months: Ints) -> Ints:
    dates = (months - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(dates.astype(np.int64) + _EPOCH)
