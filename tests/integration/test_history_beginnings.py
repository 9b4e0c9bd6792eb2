"""Assumption: a history that begins later than its deals moves none of them: they were created when they were, and closed when the CRM says.

Companies whose whole past is known, and of which only the part since a day is delivered; what is expected is counted from the whole of it.
If one fails, look at int_history_beginning, int_opportunity_change, and who reads them: visits, cohorts, velocity, the forecast's exposure.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import duckdb
import pytest
from compiled_models import built
from nights import settings_for

from funnelcast.sales_process import Definitions, SalesProcess

NOW = datetime(2026, 11, 15, 20)
STAGES = ("prospecting", "qualification", "engagement", "closing")


@dataclass(frozen=True)
class Deal:
    """A deal's whole way: stage and moment, from its creation on."""

    id: str
    path: tuple[tuple[str, datetime], ...]
    amount: str

    @property
    def created(self) -> datetime:
        return self.path[0][1]

    @property
    def closed(self) -> datetime | None:
        return self.path[-1][1] if self.path[-1][0] in ("won", "lost") else None

    def is_open_at(self, moment: datetime) -> bool:
        return self.created < moment and (self.closed is None or self.closed >= moment)


def company(seed: int, deals: int = 120) -> list[Deal]:
    """Deals of two years, of about eighty days each."""
    draw = random.Random(seed)
    made = []
    for number in range(deals):
        created = datetime(2024, 11, 15, 9) + timedelta(days=draw.random() * 730)
        end = created + timedelta(days=1 + draw.gammavariate(2, 40))
        stages = STAGES[: draw.randint(1, 4)] if draw.random() < 0.7 else STAGES
        outcome = "won" if len(stages) == 4 and draw.random() < 0.6 else "lost"
        cuts = sorted(draw.random() for _ in stages[1:])
        moments = [created, *(created + (end - created) * cut for cut in cuts), end]
        path = [
            (stage, moment.replace(microsecond=0))
            for stage, moment in zip((*stages, outcome), moments, strict=True)
            if moment <= NOW
        ]
        if path:
            made.append(Deal(f"D{number:04d}", tuple(path), f"{draw.randint(1, 900) * 100}"))
    return made


def deliver(landing: Path, deals: Sequence[Deal], since: datetime, close_dates: dict[str, datetime] | None = None) -> None:
    """One extract of today, and of the history what was told since a day. Close dates are those of the history, or given."""
    closes = close_dates or {}
    _write(
        landing / "generic" / "opportunity" / "opportunity_2026-11-15.csv",
        ("opportunity_id", "stage", "created_at", "owner_id", "amount", "expected_close_on", "closed_at"),
        [
            (d.id, d.path[-1][0], _text(d.created), "U1", d.amount, "2026-12-31", _text(closes.get(d.id, d.closed)))
            for d in deals
        ],
    )
    _write(
        landing / "generic" / "stage_history" / "stage_history_2026-11-15.csv",
        ("opportunity_id", "stage", "entered_at", "amount", "expected_close_on"),
        [(d.id, stage, _text(at), d.amount, "2026-12-31") for d in deals for stage, at in d.path if at >= since],
    )


@pytest.mark.parametrize(("seed", "cut"), [(3, datetime(2026, 5, 1)), (5, datetime(2026, 8, 12))])
def test_a_cut_history_creates_and_hides_no_deal(tmp_path: Path, seed: int, cut: datetime) -> None:
    deals = company(seed)
    deliver(tmp_path / "landing", deals, cut)
    marts = (
        "fct_pipeline_bridge", "fct_velocity", "fct_stage_funnel", "fct_stage_visit", "fct_opportunity", "ops_coverage",
        "int_forecast_arrival", "int_forecast_exposure",
    )  # fmt: skip
    with built(settings_for(tmp_path / "home", tmp_path / "landing"), marts) as (connection, _):
        bridge = _bridge(connection)
        cohorts = _cohorts(connection)
        arrivals = _counter(
            connection, "select date_trunc('month', came_on), sum(deals) from intermediate.int_forecast_arrival group by 1"
        )
        cycles = _rows(
            connection,
            "select period_start, won, sales_cycle_days from marts.fct_velocity "
            "where period_type = 'month' and scope = 'company' and won > 0",
        )
        first_visits = _rows(
            connection, "select opportunity_id, entered_at, entry_evidence from marts.fct_stage_visit where visit_number = 1"
        )
        before_history = _rows(
            connection,
            f"select sum(at_risk_days) from intermediate.int_forecast_exposure where cell_start < date '{_week(cut)}'",
        )
        pushes = _rows(
            connection,
            f"select count(close_date_pushes) from marts.fct_opportunity where created_at < timestamp '{cut}' - interval 1 day",
        )
        reason = _rows(connection, "select distinct reason from marts.ops_coverage where subject = 'stage_history'")

    expected = {
        month: (
            sum(d.is_open_at(_first(month)) for d in deals),
            sum(_month(d.created) == month for d in deals),
            sum(d.path[-1][0] == "won" and _month(d.closed) == month for d in deals),
            sum(d.path[-1][0] == "lost" and _month(d.closed) == month for d in deals),
        )
        for month in bridge
    }
    assert bridge == expected
    # Every deal enters, or passes, the first stage when it is created; what is beyond is told from the cut on.
    assert {month: entered for (month, stage), entered in cohorts.items() if stage == "prospecting"} == Counter(
        _month(d.created) for d in deals
    )
    told_later = Counter(_month(d.created) for d in deals if d.created > cut)
    assert {month: arrivals[month] for month in told_later if month > _month(cut)} == {
        month: count for month, count in told_later.items() if month > _month(cut)
    }
    assert {deal: at for deal, at, _ in first_visits} == {d.id: d.created for d in deals}
    assert {deal for deal, _, evidence in first_visits if evidence == "history"} == {d.id for d in deals if d.created >= cut}
    assert before_history in ([(None,)], [(0,)])
    assert pushes == [(0,)]
    older = sum(d.created.date() < max(cut.date(), _first_told(d, cut)) for d in deals if d.path[-1][1] >= cut)
    assert reason == [
        (
            f"the delivered history begins then; {older} deals are older than theirs: before its first word each stands in the stage that "
            "this tells, since its creation",
        )
    ]
    won = [
        (_month(d.closed), (d.closed.date() - d.created.date()).days) for d in deals if d.closed and d.path[-1][0] == "won"
    ]
    assert [(month, count) for month, count, _ in sorted(cycles)] == sorted(Counter(month for month, _ in won).items())
    assert [days for *_, days in sorted(cycles)] == pytest.approx(
        [sum(days for at, days in won if at == month) / count for month, count, _ in sorted(cycles)], abs=0.01
    )


def test_what_was_before_a_history_is_unknown_and_says_so(tmp_path: Path) -> None:
    """One open deal, in engagement since some day between February and 10 May, when its history begins."""
    landing = tmp_path / "landing"
    deal = Deal("D1", (("prospecting", datetime(2026, 2, 1, 9)), ("engagement", datetime(2026, 5, 10, 10))), "1000")
    deliver(landing, [deal], datetime(2026, 5, 1))
    with built(settings_for(tmp_path / "home", landing), ["fct_stage_visit", "fct_opportunity", "fct_pipeline_daily"]) as (
        connection, _,
    ):  # fmt: skip
        assert _rows(connection, "select stage, entered_at, entry_evidence, days_in_stage from marts.fct_stage_visit") == [
            ("engagement", datetime(2026, 2, 1, 9), "created", None)
        ]
        assert _rows(
            connection,
            "select opening_count, opening_amount, open_count, open_amount from marts.fct_pipeline_daily "
            "where date_day = '2026-05-10' and stage = 'engagement'",
        ) == [(1, 0, 1, 1000)]
        assert _rows(connection, "select close_date_pushes, has_stage_history from marts.fct_opportunity") == [(None, True)]


@pytest.mark.parametrize(("system", "won"), [("salesforce", "Closed Won"), ("hubspot", "closedwon"), ("generic", "won")])
def test_a_deal_that_its_history_finds_closed_was_closed_on_the_crms_date(tmp_path: Path, system: str, won: str) -> None:
    """Won on 19 December 2025; what keeps its history began on 17 October 2026. The quarter of the win is the CRM's."""
    landing = tmp_path / "landing"
    if system == "salesforce":
        _write(
            landing / "salesforce" / "opportunity" / "opportunity_2026-11-15.csv",
            ("Id", "StageName", "CreatedDate", "CloseDate", "Amount", "OwnerId"),
            [("006000000000001AAA", "Closed Won", "2025-12-10T19:51:13Z", "2025-12-19", "24120000", "005000000000001AAA")],
        )
        _write(
            landing / "salesforce" / "opportunity_history" / "history_2026-11-15.csv",
            ("id", "stage_name", "created_date", "close_date", "amount", "_fivetran_start"),
            [("006000000000001AAA", "Closed Won", "2025-12-10T19:51:13Z", "2025-12-19", "24120000", "2026-10-17T21:10:19Z")],
        )
    elif system == "hubspot":
        _write(
            landing / "hubspot" / "deal" / "deal_2026-11-15.csv",
            ("id", "dealstage", "createdate", "closedate", "amount"),
            [("100", "closedwon", "2025-12-10T19:51:13Z", "2025-12-19T12:00:00Z", "24120000")],
        )
        _write(
            landing / "hubspot" / "deal_property_history" / "properties_2026-11-15.csv",
            ("deal_id", "name", "value", "timestamp"),
            [
                ("100", "dealstage", "closedwon", "2026-10-17T21:10:19Z"),
                ("100", "amount", "24120000", "2026-10-17T21:10:19Z"),
            ],
        )
    else:
        _write(
            landing / "generic" / "opportunity" / "opportunity_2026-11-15.csv",
            ("opportunity_id", "stage", "created_at", "closed_at", "amount"),
            [("D1", "won", "2025-12-10T19:51:13Z", "2025-12-19T12:00:00Z", "24120000")],
        )
        _write(
            landing / "generic" / "stage_history" / "history_2026-11-15.csv",
            ("opportunity_id", "stage", "entered_at", "amount"),
            [("D1", "won", "2026-10-17T21:10:19Z", "24120000")],
        )
    stages = [
        {"label": "new", "key": "new", "phase": "prospecting", "probability": 0.1},
        {"label": won, "key": "won", "phase": "won", "probability": 1.0},
        {"label": "lost", "key": "lost", "phase": "lost", "probability": 0.0},
    ]
    process = SalesProcess.model_validate({"pipelines": [{"key": "default", "stages": stages}]})
    marts = ["fct_opportunity", "fct_stage_visit", "fct_pipeline_bridge", "ops_history_source"]
    systems = ("generic",) if system == "generic" else ("generic", system)
    with built(settings_for(tmp_path / "home", landing), marts, process, systems) as (connection, _):
        assert _rows(connection, "select status, closed_on, sales_cycle_days from marts.fct_opportunity") == [
            ("won", date(2025, 12, 19), 9)
        ]
        assert _rows(
            connection, "select phase, entered_on, entry_evidence from marts.fct_stage_visit order by visit_number"
        )[1:] == [("won", date(2025, 12, 19), "record")]
        wins = "select period_start, won_count, won_amount from marts.fct_pipeline_bridge where won_count > 0 and period_type = 'quarter' and scope = 'company'"
        assert _rows(connection, wins) == [(date(2025, 10, 1), 1, 24120000)]
        assert _rows(
            connection,
            "select changes_from_creation, changes_from_records, changes_from_history from marts.ops_history_source",
        ) == [(1, 1, 0)]


@pytest.mark.parametrize("closed_on", ["stage_change", "close_date"])
def test_bookings_are_of_the_day_that_the_company_counts_by(
    tmp_path: Path, closed_on: Literal["stage_change", "close_date"]
) -> None:
    """Some reps date a close back by up to two weeks, some ahead; whichever is counted, every table counts by it, and the others are listed."""
    draw = random.Random(8)
    deals = company(8, 60)
    dated = {}
    for deal in deals:
        if deal.closed:
            moved = deal.closed + timedelta(days=draw.choice([0, 0, -3, -14, 5]))
            dated[deal.id] = moved if deal.created.date() <= moved.date() <= NOW.date() else deal.closed
    deliver(tmp_path / "landing", deals, datetime(2024, 1, 1), dated)
    by = dated if closed_on == "close_date" else {deal.id: deal.closed for deal in deals if deal.closed}
    expected = Counter(_month(by[deal.id]) for deal in deals if deal.path[-1][0] == "won")
    process = SalesProcess(definitions=Definitions(closed_on=closed_on))
    marts = [
        "fct_opportunity",
        "fct_stage_visit",
        "fct_velocity",
        "fct_pipeline_bridge",
        "ops_close_date_difference",
        "int_forecast_win",
    ]
    with built(settings_for(tmp_path / "home", tmp_path / "landing"), marts, process) as (connection, _):
        counted = [
            _counter(connection, sql)
            for sql in (
                "select date_trunc('month', closed_on), count(*) from marts.fct_opportunity where status = 'won' group by 1",
                "select date_trunc('month', entered_on), count(*) from marts.fct_stage_visit where stage = 'won' group by 1",
                "select period_start, won from marts.fct_velocity where period_type = 'month' and scope = 'company' and won > 0",
                "select period_start, won_count from marts.fct_pipeline_bridge "
                "where period_type = 'month' and scope = 'company' and won_count > 0",
                "select date_trunc('month', closed_on), count(*) from intermediate.int_forecast_win where known_until is null group by 1",
            )
        ]
        different = _rows(
            connection, "select opportunity_id, stage_changed_on, close_date, closed_on from marts.ops_close_date_difference"
        )
        # Nobody knew of a close before the stage was changed.
        known = _rows(
            connection, "select opportunity_id, known_from from intermediate.int_forecast_win where known_until is null"
        )
    assert counted == [expected] * 5
    assert sorted(different) == [
        (deal.id, deal.closed.date(), dated[deal.id].date(), by[deal.id].date())
        for deal in deals
        if deal.closed and deal.closed.date() != dated[deal.id].date()
    ]
    assert dict(known) == {
        deal.id: max(deal.closed, by[deal.id]).date() + timedelta(days=1)
        for deal in deals
        if deal.closed and deal.path[-1][0] == "won"
    }


def _bridge(connection: duckdb.DuckDBPyConnection) -> dict[date, tuple[int, ...]]:
    sql = """
        select period_start, opening_count, created_count, won_count, lost_count from marts.fct_pipeline_bridge
        where period_type = 'month' and scope = 'company'
    """
    return {month: tuple(counts) for month, *counts in _rows(connection, sql)}


def _cohorts(connection: duckdb.DuckDBPyConnection) -> dict[tuple[date, str], int]:
    sql = "select cohort_month, stage, entered from marts.fct_stage_funnel where scope = 'company'"
    return {(month, stage): entered for month, stage, entered in _rows(connection, sql)}


def _counter(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[date]:
    return Counter(
        {month.date() if isinstance(month, datetime) else month: int(count) for month, count in _rows(connection, sql)}
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:  # type: ignore[type-arg]
    return connection.execute(sql).fetchall()


def _write(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([head, *rows])


def _text(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def _month(moment: datetime | None) -> date | None:
    return moment.date().replace(day=1) if moment else None


def _first(month: date) -> datetime:
    return datetime(month.year, month.month, 1)


def _first_told(deal: Deal, cut: datetime) -> date:
    return min(at for _, at in deal.path if at >= cut).date()


def _week(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())
