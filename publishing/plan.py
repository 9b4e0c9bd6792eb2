"""What-if on the published capacity plan: what further hires would add, quarter by quarter.

Belongs here: reading the plan and the ramp, and the sum. Does not belong here: capacity as it is (dbt_project/), or the words around it
(command/plan.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from funnelcast.errors import UsageError
from publishing.reader import open_published

COMPANY = "the company"


class UnknownTeam(UsageError):
    """A plan is asked for a team that has no sellers."""

    def __init__(self, team: str, teams: Sequence[str]) -> None:
        super().__init__(f"--team {team}: no such team; expected one of {', '.join(teams) or '(no team has sellers)'}.")


class OutsidePlan(UsageError):
    """Hires are asked for in a month that the plan does not hold."""

    def __init__(self, start: date, first: date, last: date) -> None:
        super().__init__(
            f"--start {start:%Y-%m}: the plan is of {first:%Y-%m} to {last:%Y-%m}; who came earlier is in it, and who comes later adds"
            " nothing to it."
        )


class NoPlan(UsageError):
    """The published release has no capacity plan."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            f"The release below {home} has no capacity plan: run `funnelcast run --home {home}` to publish one."
        )


@dataclass(frozen=True)
class Quarter:
    """One row of `rpt_capacity_plan`. None: not known."""

    period_start: date
    capacity: float | None
    productivity: float | None
    quota: float | None


@dataclass(frozen=True)
class Plan:
    """The quarters of a team or the company, and what a rep of each month of tenure is worth."""

    who: str
    currency: str | None
    quarters: tuple[Quarter, ...]
    ramp: tuple[float, ...]


@dataclass(frozen=True)
class PlannedQuarter:
    """A quarter with further hires."""

    period_start: date
    quota: float | None
    capacity: float | None
    from_hires: float | None
    capacity_with_hires: float | None
    # capacity with hires ÷ quota
    coverage_of_quota: float | None


def read_plan(home: Path, team: str | None) -> Plan:
    """Read the plan of a team (None: of the company) from what is published under ``home``."""
    with open_published(home) as connection:
        published = {
            str(row[0]) for row in connection.execute("select table_name from information_schema.tables").fetchall()
        }
        if not {"rpt_capacity_plan", "rpt_ramp"} <= published:
            raise NoPlan(home)
        scope, scope_id = ("company", "all") if team is None else ("team", _team(connection, team))
        rows = connection.execute(
            "select period_start, capacity, productivity, quota from rpt_capacity_plan"
            " where scope = ? and scope_id = ? order by period_start",
            [scope, scope_id],
        ).fetchall()
        ramp = connection.execute("select share_of_ramped from rpt_ramp order by tenure_month").fetchall()
        currency = connection.execute("select max(currency) from fct_opportunity").fetchall()[0][0]
    quarters = tuple(
        Quarter(start, *(None if value is None else float(value) for value in values)) for start, *values in rows
    )
    return Plan(COMPANY if team is None else scope_id, currency, quarters, tuple(float(share) for (share,) in ramp))


def with_hires(plan: Plan, hires: int, start: date) -> tuple[PlannedQuarter, ...]:
    """Add to each quarter what ``hires`` people who come in the month of ``start`` win in it, as they ramp like others did."""
    if hires and plan.quarters:
        first, newest = plan.quarters[0].period_start, plan.quarters[-1].period_start
        # Quarters begin in December at the latest, and may end in the next year.
        last = date(newest.year + (newest.month + 2 > 12), (newest.month + 1) % 12 + 1, 1)
        if not first <= start <= last:
            raise OutsidePlan(start, first, last)
    return tuple(
        _planned(quarter, _months_of_ramped(quarter.period_start, start, plan.ramp), hires) for quarter in plan.quarters
    )


def _planned(quarter: Quarter, ramped_months: float, hires: int) -> PlannedQuarter:
    added = None if quarter.productivity is None else hires * quarter.productivity / 3 * ramped_months
    total = None if quarter.capacity is None or added is None else quarter.capacity + added
    return PlannedQuarter(
        quarter.period_start,
        quarter.quota,
        quarter.capacity,
        None if added is None else round(added, 2),
        None if total is None else round(total, 2),
        None if total is None or not quarter.quota else round(total / quarter.quota, 6),
    )


def _months_of_ramped(quarter_start: date, start: date, ramp: Sequence[float]) -> float:
    """How many months of a ramped rep one hire is worth in a quarter. The month of coming is month 0 of the ramp."""
    first = (quarter_start.year - start.year) * 12 + quarter_start.month - start.month
    tenures = [tenure for tenure in range(first, first + 3) if tenure >= 0]
    return sum(ramp[tenure] if tenure < len(ramp) else 1.0 for tenure in tenures)


def _team(connection: duckdb.DuckDBPyConnection, team: str) -> str:
    rows = connection.execute("select distinct scope_id from rpt_capacity_plan where scope = 'team' order by 1").fetchall()
    named: dict[str, Any] = {str(row[0]).casefold(): str(row[0]) for row in rows}
    if team.casefold() not in named:
        raise UnknownTeam(team, list(named.values()))
    return str(named[team.casefold()])
