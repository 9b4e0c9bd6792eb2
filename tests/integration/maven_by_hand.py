"""Maven's deals counted once more: from the raw CSV files, by DESIGN.md section 7, without SQL, dbt or any of our code.

Belongs here: the definitions as plain Python over plain rows, slow and obvious. Exact numbers are returned, unrounded.
Does not belong here: comparing them with what was published (test_maven.py).

There is no stage history in this data. A deal with an engage date was created on that date in the stage Engaging (the
config's `entry_stage`) and is won, lost or still there; one without stands in Prospecting since the only extract showed it.
"""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

AS_OF = date(2017, 12, 31)
# The first deal is engaged.
FIRST_DAY = date(2016, 10, 20)
PIPELINE = "hardware"
# stage: order, phase, default probability
STAGES = {
    "prospecting": (1, "prospecting", 0.10),
    "engaging": (2, "engagement", 0.50),
    "won": (3, "won", 1.0),
    "lost": (4, "lost", 0.0),
}
OPEN_STAGES = ("prospecting", "engaging")
NONE = "(none)"
Row = dict[str, Any]


@dataclass(frozen=True)
class Deal:
    """One line of sales_pipeline.csv, with its owner's office."""

    id: str
    owner: str
    team: str
    product: str
    account: str | None
    stage: str
    engaged_on: date | None
    closed_on: date | None
    amount: Decimal | None
    extra: dict[str, str | None]

    @property
    def created_on(self) -> date:
        return self.engaged_on or AS_OF

    @property
    def status(self) -> str:
        return self.stage if self.stage in ("won", "lost") else "open"

    @property
    def cycle_days(self) -> int | None:
        return (self.closed_on - self.created_on).days if self.stage == "won" and self.closed_on else None

    @property
    def segments(self) -> dict[str, tuple[str, str]]:
        """Scope → (id, name); what the data does not know is '(none)'."""
        named = {"company": "all", "pipeline": PIPELINE, "team": self.team, "rep": self.owner, "product": self.product}
        unknown = dict.fromkeys(("source", "motion", "segment"), NONE)
        return {dimension: (value, value) for dimension, value in {**named, **unknown}.items()}


def read_deals(folder: Path) -> list[Deal]:
    offices = {row["sales_agent"]: row["regional_office"] for row in _lines(folder / "sales_teams.csv")}
    return [
        Deal(
            id=row["opportunity_id"],
            owner=row["sales_agent"],
            team=offices[row["sales_agent"]],
            product=row["product"],
            account=row["account"] or None,
            stage=row["deal_stage"].lower(),
            engaged_on=_day(row["engage_date"]),
            closed_on=_day(row["close_date"]),
            amount=Decimal(row["close_value"]) if row["close_value"] else None,
            extra={name: row[name] or None for name in ("engage_quarter", "close_quarter")},
        )
        for row in _lines(folder / "sales_pipeline.csv")
    ]


def reps(folder: Path) -> list[str]:
    return [row["sales_agent"] for row in _lines(folder / "sales_teams.csv")]


def opportunities(deals: Iterable[Deal]) -> list[Row]:
    """fct_opportunity, every column."""
    return [_opportunity(deal) for deal in deals]


def stage_funnel(deals: Iterable[Deal]) -> list[Row]:
    """fct_stage_funnel: per cohort month, stage and segment those that first visited the stage or first skipped past it."""
    cohorts: dict[tuple[date, str, str, str], list[tuple[Deal, bool, date | None]]] = defaultdict(list)
    for deal in deals:
        for stage, is_visited, entered_on, advanced_on in _entries(deal):
            for dimension, (value, _) in deal.segments.items():
                key = (entered_on.replace(day=1), stage, dimension, value)
                cohorts[key].append((deal, is_visited, advanced_on))
    return [_cohort(*key, members) for key, members in cohorts.items()]


def velocity(deals: list[Deal], all_reps: list[str]) -> list[Row]:
    """fct_velocity: every period that touches the data's life, and every scope, a rep without a deal included."""
    scopes = _scopes(deals, all_reps)
    members: dict[tuple[str, str], list[Deal]] = defaultdict(list)
    for deal in deals:
        for dimension, (value, _) in deal.segments.items():
            members[(dimension, value)].append(deal)
    found: list[Row] = []
    for (scope, scope_id), name in scopes.items():
        own = _Columns(members[(scope, scope_id)])
        for period_type in ("week", "month", "quarter", "year"):
            previous: tuple[date, date] | None = None
            for start, after in _periods(period_type):
                row = _velocity_of(own, start, after)
                reasons = ["nothing is known of its first days"] if start < FIRST_DAY else []
                reasons += ["it is not over"] if after - timedelta(days=1) > AS_OF else []
                row |= {
                    "period_type": period_type, "period_start": start, "period_end": after - timedelta(days=1),
                    "is_complete": not reasons, "incomplete_reason": "; ".join(reasons) or None,
                    "scope": scope, "scope_id": scope_id, "scope_name": name,
                }  # fmt: skip
                # What is not over is compared with as many days of the period before.
                days_over = min(after, AS_OF + timedelta(days=1)) - start
                compared = (
                    (previous[0], min(previous[1], previous[0] + days_over))
                    if previous and reasons[-1:] == ["it is not over"]
                    else previous
                )
                if compared and compared[1] <= FIRST_DAY:
                    compared = None
                row |= _change(row, _velocity_of(own, *compared) if compared else None)
                row |= {
                    "previous_start": compared[0] if compared else None,
                    "previous_end": compared[1] - timedelta(days=1) if compared else None,
                }
                found.append(row)
                previous = (start, after)
    return found


def pipeline_daily_counts(deals: Iterable[Deal]) -> list[Row]:
    """fct_pipeline_daily's counts: nothing here ever goes back, is reopened or deleted."""
    created: dict[tuple[date, str], int] = defaultdict(int)
    closed: dict[tuple[date, str], int] = defaultdict(int)
    for deal in deals:
        created[(deal.created_on, "engaging" if deal.engaged_on else "prospecting")] += 1
        if deal.closed_on:
            closed[(deal.closed_on, deal.stage)] += 1
    found: list[Row] = []
    for stage in OPEN_STAGES:
        standing = 0
        for day in _days(min(day for day, _ in created), AS_OF):
            won, lost = (closed[(day, end)] if stage == "engaging" else 0 for end in ("won", "lost"))
            row = {
                "date_day": day, "source_system": "generic", "pipeline": PIPELINE, "stage": stage, "stage_order": STAGES[stage][0],
                "opening_count": standing, "created_count": created[(day, stage)], "won_count": won, "lost_count": lost,
                # Nothing tells of expected close dates: whether a deal slipped is not known.
                "is_unfinished": day == AS_OF, "slipped_count": None,
            }  # fmt: skip
            row |= dict.fromkeys(
                (
                    "advanced_in_count",
                    "advanced_out_count",
                    "moved_back_in_count",
                    "moved_back_out_count",
                    "transferred_in_count",
                    "transferred_out_count",
                    "reopened_count",
                ),
                0,
            )
            standing += created[(day, stage)] - won - lost
            found.append({**row, "deleted_count": 0, "open_count": standing})
    return found


def pipeline_bridge_counts(deals: Iterable[Deal]) -> list[Row]:
    """fct_pipeline_bridge's counts, and what was won, from the first period in which a part of the company has a deal."""
    members: dict[tuple[str, str], list[Deal]] = defaultdict(list)
    for deal in deals:
        for dimension, (value, _) in deal.segments.items():
            if dimension != "pipeline":
                members[(dimension, value)].append(deal)
    found: list[Row] = []
    for (scope, scope_id), own in members.items():
        first = min(deal.created_on for deal in own)
        for period_type in ("week", "month", "quarter"):
            key = {"period_type": period_type, "pipeline": PIPELINE, "scope": scope, "scope_id": scope_id}
            found += [
                {**key, "period_start": start, **_bridge_of(own, start, after)}
                for start, after in _periods(period_type)
                if first < after
            ]
    return found


def _bridge_of(deals: Iterable[Deal], start: date, after: date) -> Row:
    row: Row = dict.fromkeys(
        ("opening_count", "created_count", "won_count", "lost_count", "closing_count", "reopened_count", "deleted_count"), 0
    )
    won = Decimal(0)
    for deal in deals:
        is_closed_before = deal.closed_on is not None and deal.closed_on < start
        row["opening_count"] += deal.created_on < start and not is_closed_before
        row["created_count"] += start <= deal.created_on < after
        if deal.closed_on and start <= deal.closed_on < after:
            row[f"{deal.stage}_count"] += 1
            won += (deal.amount or 0) if deal.stage == "won" else 0
        row["closing_count"] += deal.created_on < after and not (deal.closed_on and deal.closed_on < after)
    return {**row, "won_amount": won}


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """The 95 % score interval: the p for which |p̂ - p| = z·√(p(1-p)/n), by the quadratic formula."""
    if trials == 0:
        return None, None
    z = 1.959963984540054
    share = successes / trials
    a, b, c = 1 + z * z / trials, -(2 * share + z * z / trials), share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return max(0.0, (-b - root) / (2 * a)), min(1.0, (-b + root) / (2 * a))


def shapley(now: list[float], before: list[float]) -> list[float]:
    """What each factor of a product contributed to its change: its effect, averaged over all orders of changing them."""
    contributions = [0.0] * len(now)
    orders = list(permutations(range(len(now))))
    for order in orders:
        state = list(before)
        for factor in order:
            earlier = math.prod(state)
            state[factor] = now[factor]
            contributions[factor] += (math.prod(state) - earlier) / len(orders)
    return contributions


def _opportunity(deal: Deal) -> Row:
    order, phase, probability = STAGES[deal.stage]
    entered_on = deal.closed_on or deal.created_on
    visits = 2 if deal.closed_on else 1
    return {
        "source_system": "generic", "opportunity_id": deal.id, "name": None, "account_id": deal.account, "account_name": deal.account,
        "owner_id": deal.owner, "owner_name": deal.owner, "team": deal.team, "lead_id": None, "lead_name": None, "pipeline": PIPELINE,
        "stage_label": deal.stage.capitalize(), "opportunity_type": None, "probability": None, "next_step": None,
        # One extract tells of no stage before, and of no activity.
        "has_moved_back": None, "last_activity_on": None, "last_activity_reason": "no activity on a deal is delivered",
        "stage": deal.stage, "stage_order": order, "phase": phase, "status": deal.status, "source": None, "source_from": None, "motion": None,
        "product": deal.product, "segment": None, "amount": deal.amount, "amount_original": deal.amount, "currency": "USD",
        "default_probability": probability,
        # No open deal has an amount here, and closed ones are weighed no more.
        "weighted_amount": None, "forecast_category": None,
        "created_at": _midnight(deal.created_on), "created_on": deal.created_on, "is_created_at_inferred": deal.engaged_on is None,
        "expected_close_on": None, "is_overdue": False, "stage_entered_at": _midnight(entered_on),
        "closed_at": _midnight(deal.closed_on) if deal.closed_on else None, "closed_on": deal.closed_on, "lost_reason": None,
        "deleted_at": None, "age_days": ((deal.closed_on or AS_OF) - deal.created_on).days,
        # T is the end of the as-of day. What is closed is in no stage any more.
        "days_in_stage": None if deal.closed_on else float((AS_OF + timedelta(days=1) - entered_on).days),
        "sales_cycle_days": deal.cycle_days, "visits": visits, "stage_changes": visits - 1, "has_stage_history": False,
        "reopened_times": 0, "close_date_pushes": None,
        # Maven is one extract: nothing in it is of an earlier one.
        "is_of_earlier_extract": False, "extra": json.dumps(deal.extra, separators=(",", ":")),
    }  # fmt: skip


def _entries(deal: Deal) -> Iterator[tuple[str, bool, date, date | None]]:
    """Stage, visited or skipped past, when, and when the deal got beyond it (a later open stage, or won)."""
    if deal.engaged_on is None:
        yield "prospecting", True, deal.created_on, None
        return
    yield "prospecting", False, deal.engaged_on, deal.engaged_on
    yield "engaging", True, deal.engaged_on, deal.closed_on if deal.stage == "won" else None


def _cohort(month: date, stage: str, dimension: str, value: str, members: list[tuple[Deal, bool, date | None]]) -> Row:
    advanced = [(deal, on) for deal, _, on in members if on is not None]
    waits = [(on - deal.created_on).days for deal, on in advanced]
    low, high = wilson(len(advanced), len(members))
    return {
        "cohort_month": month, "pipeline": PIPELINE, "stage": stage, "stage_order": STAGES[stage][0],
        "scope": dimension, "scope_id": value, "scope_name": value, "entered": len(members),
        "visited": sum(is_visited for _, is_visited, _ in members), "skipped": sum(not is_visited for _, is_visited, _ in members),
        "advanced": len(advanced), "lost": sum(on is None and deal.status == "lost" for deal, _, on in members),
        "still_open": sum(on is None and deal.status == "open" for deal, _, on in members),
        "conversion_rate": len(advanced) / len(members), "conversion_rate_low": low, "conversion_rate_high": high,
        "median_days_to_advance": float(np.median(waits)) if waits else None,
    }  # fmt: skip


class _Columns:
    """The deals of one scope as columns of days, so that a period is a comparison."""

    def __init__(self, deals: list[Deal]) -> None:
        self.deals = deals
        self.opened = np.array([deal.created_on.toordinal() for deal in deals])
        self.ended = np.array([deal.closed_on.toordinal() if deal.closed_on else 10**7 for deal in deals])


def _velocity_of(own: _Columns, start: date, after: date) -> Row:
    """What closes in a period was open in it: the moment of closing counts. Deals are open from midnight to midnight."""
    first, behind = start.toordinal(), min(after, AS_OF + timedelta(days=1)).toordinal()
    known = max(first, FIRST_DAY.toordinal())
    is_open = (own.opened < behind) & (own.ended >= first) if own.deals else np.array([], dtype=bool)
    days_open = np.minimum(own.ended, behind) - np.maximum(own.opened, known)
    mean_open = float(days_open[days_open > 0].sum()) / (behind - known) if own.deals else 0.0
    closing = np.flatnonzero((own.ended >= first) & (own.ended < behind)) if own.deals else []
    closed = [own.deals[index] for index in closing]
    won = [deal for deal in closed if deal.status == "won"]
    lost = [deal for deal in closed if deal.status == "lost"]
    won_amounts = [deal.amount for deal in won if deal.amount is not None]
    lost_amounts = [deal.amount for deal in lost if deal.amount is not None]
    cycles = [deal.cycle_days for deal in won if deal.cycle_days is not None]
    low, high = wilson(len(won), len(closed))
    of_amounts = sum(won_amounts) + sum(lost_amounts)
    win_rate = len(won) / len(closed) if closed else None
    size = float(sum(won_amounts)) / len(won_amounts) if won_amounts else None
    cycle = sum(cycles) / len(cycles) if cycles else None
    is_known = win_rate is not None and size is not None and cycle
    return {
        "opportunities": mean_open, "mean_open": mean_open, "open_in_period": int(is_open.sum()), "won": len(won), "lost": len(lost), "closed": len(closed),
        "win_rate": win_rate, "win_rate_low": low, "win_rate_high": high,
        "won_amount": sum(won_amounts) if won_amounts else None, "lost_amount": sum(lost_amounts) if lost_amounts else None,
        "win_rate_by_amount": float(sum(won_amounts) / of_amounts) if of_amounts else None,
        "won_without_amount": len(won) - len(won_amounts), "average_deal_size": size, "sales_cycle_days": cycle,
        "sales_cycle_days_median": float(np.quantile(cycles, 0.5)) if cycles else None,
        "sales_cycle_days_p90": float(np.quantile(cycles, 0.9)) if cycles else None,
        "velocity_per_day": mean_open * win_rate * size / cycle if is_known else None,
    }  # fmt: skip


def _change(row: Row, before: Row | None) -> Row:
    names = ("contribution_opportunities", "contribution_win_rate", "contribution_deal_size", "contribution_sales_cycle")
    earlier = before["velocity_per_day"] if before else None
    told: Row = {"previous_velocity_per_day": earlier, "velocity_change": None, **dict.fromkeys(names)}
    if earlier is not None and before is not None and row["velocity_per_day"] is not None:
        told["velocity_change"] = row["velocity_per_day"] - earlier
        told |= dict(zip(names, shapley(_factors(row), _factors(before)), strict=True))
    return told


def _factors(row: Row) -> list[float]:
    return [row["opportunities"], row["win_rate"], row["average_deal_size"], 1 / row["sales_cycle_days"]]


def _scopes(deals: Iterable[Deal], all_reps: Iterable[str]) -> dict[tuple[str, str], str]:
    scopes = {("rep", name): name for name in all_reps}
    for deal in deals:
        scopes |= {(dimension, value): name for dimension, (value, name) in deal.segments.items()}
    return scopes


def _periods(period_type: str) -> Iterator[tuple[date, date]]:
    """(first day, first day of the next) of the calendar's periods from the first engage date to the as-of day."""
    start = _period_start(period_type, FIRST_DAY)
    while start <= AS_OF:
        months = {"month": 1, "quarter": 3, "year": 12}.get(period_type)
        after = start + timedelta(days=7) if months is None else _months_later(start, months)
        yield start, after
        start = after


def _period_start(period_type: str, day: date) -> date:
    match period_type:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        case _:
            return date(day.year, 1, 1)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%d-%m-%y").date() if text else None  # noqa: DTZ007 - a day, not a moment
