"""The five numbers that a sales manager asks for first, and what cannot be told, read from the published tables.

Belongs here: which rows of which table they are. Does not belong here: computing them (dbt_project/), or the
words around them (summary.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb


@dataclass(frozen=True)
class Period:
    """What `fct_velocity` says of the whole company in the period of the as-of day. None: it cannot be said."""

    period_start: date
    is_over: bool
    won: int
    closed: int
    won_amount: float | None
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    sales_cycle_days_median: float | None
    velocity_per_day: float | None
    previous_velocity_per_day: float | None


@dataclass(frozen=True)
class Missing:
    """What `ops_coverage` cannot answer: the measures that rest on one subject, why, and the extract that would help."""

    system: str
    measures: str
    reason: str
    extract_that_helps: str


@dataclass(frozen=True)
class Outlook:
    """What `fct_forecast` says of the company's own quarter, and its record on such quarters before. None: it cannot be said."""

    period_start: date
    won_so_far: float
    mean: float
    p10: float
    p90: float
    quota: float | None
    probability_of_quota: float | None
    gap: float | None
    # Of how many quarters, the share of what was won that was missed, and the share of outcomes that p10 to p90 held.
    replays: int
    share_missed: float | None
    share_held: float | None


@dataclass(frozen=True)
class Headline:
    """The five numbers, the forecast, and what is missing."""

    open_count: int
    open_without_amount: int
    open_amount: float
    # None: no deal was open at any moment of the period, so it has no row.
    month: Period | None
    # The company's own: its fiscal quarter where its fiscal year does not begin in January, as in the forecast.
    quarter: Period | None
    is_fiscal: bool = False
    missing: tuple[Missing, ...] = ()
    # None: nothing to learn from yet, or a release of an older version.
    outlook: Outlook | None = None


def read_headline(connection: duckdb.DuckDBPyConnection, as_of: date) -> Headline:
    """Read the five numbers from a connection that finds the published tables by their bare names."""
    count, without_amount, amount = connection.execute(
        "select count(*), count(*) filter (where amount is null), coalesce(sum(amount), 0)"
        " from fct_opportunity where status = 'open'"
    ).fetchall()[0]
    is_fiscal = _is_fiscal(connection)
    quarter_type = "fiscal_quarter" if is_fiscal else "quarter"
    return Headline(
        open_count=int(count),
        open_without_amount=int(without_amount),
        open_amount=float(amount),
        month=_period(connection, "month", as_of),
        quarter=_period(connection, quarter_type, as_of),
        is_fiscal=is_fiscal,
        missing=_missing(connection),
        outlook=_outlook(connection, quarter_type),
    )


def _has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(connection.execute("select 1 from duckdb_tables() where table_name = ?", [name]).fetchall())


def _is_fiscal(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the company's year begins in another month than January."""
    start = connection.execute(
        "select max(period_start) from fct_velocity where scope = 'company' and period_type = 'fiscal_year'"
    ).fetchall()[0][0]
    return start is not None and start.month != 1


def _outlook(connection: duckdb.DuckDBPyConnection, quarter_type: str) -> Outlook | None:
    if not _has_table(connection, "fct_forecast"):
        return None
    rows = connection.execute(
        "select period_start, coalesce(won_so_far, 0), mean, p10, p90, quota, probability_of_quota, gap from fct_forecast"
        " where is_latest and scope = 'company' and period_type = ? and mean is not null"
        " order by period_start limit 1",
        [quarter_type],
    ).fetchall()
    if not rows:
        return None
    replays, missed, held = connection.execute(
        "select count(*), cast(sum(absolute_error) as double) / nullif(cast(sum(actual) as double), 0),"
        " avg(case when is_within_p10_p90 then 1.0 else 0.0 end) from fct_forecast_accuracy"
        " where scope = 'company' and period_type = ? and method = 'funnelcast'",
        [quarter_type],
    ).fetchall()[0]
    start, won_so_far, mean, p10, p90, quota, probability, gap = rows[0]
    return Outlook(
        start,
        float(won_so_far),
        float(mean),
        float(p10),
        float(p90),
        _number(quota),
        _number(probability),
        _number(gap),
        int(replays),
        _number(missed),
        _number(held),
    )


def _missing(connection: duckdb.DuckDBPyConnection) -> tuple[Missing, ...]:
    if not _has_table(connection, "ops_coverage"):
        # A release that an older version published says nothing of it.
        return ()
    # Measures that rest on one subject are missing together: told once, not once per table.
    rows = connection.execute(
        """
        select source_system, min(measure), min(reason), min(extract_that_helps) from ops_coverage
        where not is_answerable and extract_that_helps is not null group by source_system, subject order by subject, source_system
        """
    ).fetchall()
    return tuple(Missing(*map(str, row)) for row in rows)


def _period(connection: duckdb.DuckDBPyConnection, period_type: str, as_of: date) -> Period | None:
    rows = connection.execute(
        "select period_start, period_end <= ?, won, closed, won_amount, win_rate, win_rate_low, win_rate_high,"
        " sales_cycle_days_median, velocity_per_day, previous_velocity_per_day from fct_velocity"
        " where scope = 'company' and period_type = ? and ? between period_start and period_end"
        " order by period_start desc limit 1",
        [as_of, period_type, as_of],
    ).fetchall()
    if not rows:
        return None
    period_start, is_over, won, closed, *measures = rows[0]
    return Period(period_start, bool(is_over), int(won or 0), int(closed or 0), *(_number(value) for value in measures))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
