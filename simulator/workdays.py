"""Days and seasons of a company: which days are worked, where in the fiscal quarter a day falls, how fast
things move on it, and what the local clock says. Arrays are indexed by day since the calendar's first day.

Nothing here draws a number.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulator.company import Company

Floats = NDArray[np.float64]
DAY = 86400
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Clock:
    """Local time of the company to seconds since 1970 (UTC), and back to days, which are date ordinals."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._offsets: dict[tuple[int, bool], int] = {}

    def utc(self, day: int, second: int) -> int:
        """The instant when the local clock shows this second of this day."""
        return (day - _EPOCH_DAY) * DAY + second - self._offset(day, second >= 3 * 3600)

    def day(self, instant: int) -> int:
        """The local day of an instant."""
        guess = instant // DAY + _EPOCH_DAY - 1
        while instant >= self.utc(guess + 1, 0):
            guess += 1
        return guess

    def _offset(self, day: int, by_daylight: bool) -> int:
        # The clocks change at two at night: one offset before, another after, and no event falls in between.
        key = (day, by_daylight)
        if key not in self._offsets:
            hour = 12 if by_daylight else 0
            moment = datetime.combine(date.fromordinal(day), datetime.min.time(), self._zone).replace(hour=hour)
            offset = moment.utcoffset()
            assert offset is not None
            self._offsets[key] = int(offset.total_seconds())
        return self._offsets[key]


def iso_instant(instant: int) -> str:
    """An instant the way Salesforce exports it: 2026-11-20T14:03:22.000Z."""
    day, second = divmod(instant, DAY)
    return f"{_iso_day(day)}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000Z"


@lru_cache(maxsize=100_000)
def _iso_day(days_since_epoch: int) -> str:
    return datetime.fromtimestamp(days_since_epoch * DAY, UTC).date().isoformat()


class Calendar:
    """The seasons of a company for a span of days."""

    def __init__(self, company: Company, first: date, last: date) -> None:
        self.first = first.toordinal()
        self.last = last.toordinal()
        days = [date.fromordinal(day) for day in range(self.first, self.last + 1)]
        slow = dict(company.slow_months)
        weekly = 7 / (5 + 2 * company.weekend_level)
        bad = {monday + timedelta(n) for monday in company.bad_weeks for n in range(7)}
        holidays = {day for year in range(first.year, last.year + 1) for day in us_holidays(year)}

        def level(day: date) -> float:
            value = slow.get(day.month, 1.0)
            value *= company.year_end_level if (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 2) else 1
            return value * (company.bad_week_level if day in bad else 1)

        def working(day: date) -> float:
            if day in holidays:
                return weekly * company.holiday_level
            return weekly * (company.weekend_level if day.weekday() >= 5 else 1)

        weeks = [quarter_week(day, company.fiscal_year_start_month) for day in days]
        years = np.array([(day - company.history_starts_on).days / 365.25 for day in days])
        self.working: Floats = np.array([working(day) for day in days])
        self.is_workday = self.working > 0.5
        self.level: Floats = np.array([level(day) for day in days])
        self.growth: Floats = (1 + company.growth_per_year) ** years
        pace = self.working * self.level
        drift_start = company.drift_starts_on or company.history_starts_on
        drifted = np.clip([(day - drift_start).days / 365.25 for day in days], 0, company.drift_years)
        forward_drift = np.exp(company.forward_drift_per_year * drifted)
        losing_drift = np.exp(company.losing_drift_per_year * drifted)
        self.forward: Floats = pace * _by_week(company.forward_weeks, weeks) * forward_drift
        self.closing: Floats = pace * _by_week(company.closing_weeks, weeks) * forward_drift
        # A bad week or a holiday also delays bad news, though less than good news.
        self.losing: Floats = self.working * np.sqrt(self.level) * _by_week(company.losing_weeks, weeks) * losing_drift

    def index(self, day: int) -> int:
        """The array index of a day, held inside the calendar."""
        return min(max(day - self.first, 0), self.last - self.first)

    def next_workday(self, day: int) -> int:
        """This day if it is worked, else the next that is."""
        while day < self.last and not self.is_workday[self.index(day)]:
            day += 1
        return day

    def add_workdays(self, day: int, count: int) -> int:
        """The workday that is `count` workdays after a day."""
        for _ in range(count):
            day = self.next_workday(day + 1)
        return day


def _by_week(weeks_of_quarter: tuple[float, ...], weeks: list[int]) -> Floats:
    """Each day's multiplier, scaled to a mean of 1 so that the stated durations stay true on average."""
    mean = sum(weeks_of_quarter) / len(weeks_of_quarter)
    return np.array([weeks_of_quarter[week] / mean for week in weeks])


def quarter_start(day: date, fiscal_year_start_month: int) -> date:
    """The first day of the fiscal quarter that holds a day."""
    month = day.month - (day.month - fiscal_year_start_month) % 3
    return date(day.year, month, 1) if month > 0 else date(day.year - 1, month + 12, 1)


def quarter_end(day: date, fiscal_year_start_month: int) -> date:
    """The last day of the fiscal quarter that holds a day."""
    start = quarter_start(day, fiscal_year_start_month)
    return add_months(start, 3) - timedelta(1)


def quarter_week(day: date, fiscal_year_start_month: int) -> int:
    """Which of the quarter's 13 weeks holds a day, so that its last seven days are always the last (12)."""
    return max(0, 12 - (quarter_end(day, fiscal_year_start_month) - day).days // 7)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return add_months(day.replace(day=1), 1) - timedelta(1)


def add_months(first_of_month: date, count: int) -> date:
    """The first day of the month that is `count` months later."""
    months = first_of_month.year * 12 + first_of_month.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def us_holidays(year: int) -> list[date]:
    """The days on which an American sales team does not work."""
    thanksgiving = _nth_weekday(year, 11, 3, 4)
    memorial = date(year, 5, 31) - timedelta(date(year, 5, 31).weekday())
    return [
        date(year, 1, 1),
        memorial,
        date(year, 7, 4),
        _nth_weekday(year, 9, 0, 1),
        thanksgiving,
        thanksgiving + timedelta(1),
        date(year, 12, 24),
        date(year, 12, 25),
    ]


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))
