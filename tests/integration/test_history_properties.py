"""Properties of the funnel's tables on generated histories, under every setting of the contested definitions.

Guards int_opportunity_change, int_stage_visit, int_opportunity_day, int_pipeline_movement, int_period_movement and what is made of them.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin

import duckdb
import pytest
from compiled_models import built, compiled_project, digests
from generated_histories import (
    EXTRACT_DAYS,
    STAGES,
    Event,
    Histories,
    deliver,
    edited_histories,
    histories,
    stays_told_by,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import settings_for

from funnelcast.sales_process import Definitions, SalesProcess

pytestmark = pytest.mark.long

FEW = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
MORE = settings(FEW, max_examples=6)
OPEN_STAGES = STAGES[:4]

# Definitions of what no pipeline is made of.
OF_NO_PIPELINE = {"velocity_opportunities"}
# What a definition that takes more than named options can be here. One that is new has to be given its values.
VALUES_OF: dict[str, tuple[Any, ...]] = {
    "created_from_stage": ({}, {"default": "qualification", "direct": "engagement"}),
    "amount_column": (None, "arr"),
}
DAILY_IN = ("created", "advanced_in", "moved_back_in", "transferred_in", "reopened")
DAILY_OUT = ("advanced_out", "moved_back_out", "transferred_out", "won", "lost", "deleted")
BRIDGE_IN = ("created", "reopened", "transferred_in")
BRIDGE_OUT = ("transferred_out", "won", "lost", "deleted")


def every_setting() -> list[Definitions]:
    """All combinations of all options, as the settings' own type has them."""
    options = {name: _options(name) for name in Definitions.model_fields if name not in OF_NO_PIPELINE}
    return [
        Definitions.model_validate(dict(zip(options, chosen, strict=True)))
        for chosen in itertools.product(*options.values())
    ]


def _options(name: str) -> tuple[Any, ...]:
    annotation = Definitions.model_fields[name].annotation
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if name not in VALUES_OF:
        raise ValueError(f"definitions.{name} is new: say in VALUES_OF which values of it the pipeline must close under")
    return VALUES_OF[name]


@contextmanager
def _built(
    company: Histories,
    marts: list[str],
    definitions: Definitions | None = None,
    shuffled: random.Random | None = None,
    as_of: date | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    with TemporaryDirectory() as folder:
        deliver(company, Path(folder) / "landing", shuffled)
        process = SalesProcess(definitions=definitions or Definitions())
        chosen = settings_for(Path(folder) / "home", Path(folder) / "landing", as_of=as_of)
        with built(chosen, marts, process) as (connection, landing):
            assert not landing.refused, landing.refused
            yield connection


def _records(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@MORE
@given(histories())
def test_visits_tile_each_deals_life(company: Histories) -> None:
    """No overlap and no hole, from the first to the last; where history alone speaks, they are its stages, told apart by hand."""
    with _built(company, ["fct_stage_visit", "fct_opportunity"]) as connection:
        visits = _records(connection, "from marts.fct_stage_visit order by source_system, opportunity_id, visit_number")
        deals = {deal["opportunity_id"]: deal for deal in _records(connection, "from marts.fct_opportunity")}
    of_deal = {
        deal: list(found) for deal, found in itertools.groupby(visits, key=lambda visit: str(visit["opportunity_id"]))
    }
    assert set(of_deal) == set(deals)
    for deal, found in of_deal.items():
        assert [visit["visit_number"] for visit in found] == list(range(1, len(found) + 1))
        assert [visit["exited_at"] for visit in found] == [*(visit["entered_at"] for visit in found[1:]), None]
        assert [visit["is_current"] for visit in found] == [False] * (len(found) - 1) + [True]
        assert all(visit["exited_at"] is None or visit["entered_at"] <= visit["exited_at"] for visit in found)
        places = [(visit["pipeline"], visit["stage"]) for visit in found]
        assert all(before != after for before, after in itertools.pairwise(places))
        assert [visit["is_reentry"] for visit in found] == [place in places[:number] for number, place in enumerate(places)]
        assert found[0]["entered_at"] >= deals[deal]["created_at"]
        assert found[-1]["stage"] == deals[deal]["stage"]
    told = stays_told_by(company, lambda event: event.deal in deals)
    assert told.keys() <= of_deal.keys()
    for deal, stays in told.items():
        by_history = [visit for visit in of_deal[deal] if visit["entry_evidence"] == "history"]
        if len({visit["pipeline"] for visit in of_deal[deal]}) == 1:
            assert [(visit["stage"], visit["entered_at"]) for visit in by_history] == stays


@MORE
@given(edited_histories())
def test_a_deal_ends_as_it_was_last_delivered(company: Histories) -> None:
    """Whatever the history tells of the same day or before: amount, date and stage are those of the newest extract.

    But for a stage that the deal had earlier on the day of the history's last word: the extract may have been made before that word.
    """
    with _built(company, ["int_opportunity_change"]) as connection:
        ends = _records(
            connection,
            """
            select opportunity.opportunity_id, stage.stage, change.amount, change.expected_close_on, change.told_at
            from intermediate.int_opportunity_change as change
            inner join intermediate.int_opportunity as opportunity on change.opportunity_key = opportunity.opportunity_key
            inner join intermediate.int_stage as stage on change.stage_key = stage.stage_key
            where change.next_changed_at is null
            """,
        )
    found = {row["opportunity_id"]: row for row in ends}
    newest = EXTRACT_DAYS[-1]
    for row in company.deals[-1]:
        end = found[row["opportunity_id"]]
        amount = None if end["amount"] is None else float(end["amount"])
        assert amount == (float(row["amount"]) if row["amount"] else None), row
        assert end["expected_close_on"] == date.fromisoformat(row["expected_close_on"]), row
        assert end["told_at"] < newest + timedelta(days=1)
        if end["stage"] != row["stage"]:
            assert row["stage"] in _stages_of_the_day(company, row["opportunity_id"], newest), row
            told = [event for event in company.events if event.deal == row["opportunity_id"]]
            last = max(told, key=lambda event: (event.at, STAGES.index(event.stage)))
            assert last.at >= newest, row
            assert end["stage"] == last.stage, row


def _stages_of_the_day(company: Histories, deal: str, day: datetime) -> set[str]:
    """The stages that a deal may have had on a day before its history's last word: as that day began, and on it."""
    told = sorted(
        (event for event in company.events if event.deal == deal), key=lambda event: (event.at, STAGES.index(event.stage))
    )
    before = [event.stage for event in told if event.at < day]
    shown = [row["stage"] for table in company.deals[:-1] for row in table if row["opportunity_id"] == deal]
    return {*before[-1:], *(event.stage for event in told[:-1] if event.at >= day), *shown[-1:]}


@pytest.mark.parametrize("definitions", every_setting(), ids=lambda chosen: repr(chosen))
@FEW
@given(company=histories())
def test_the_pipeline_closes_under_every_setting(definitions: Definitions, company: Histories) -> None:
    """Each day and each period: what was open, and what moved it, is what is open then; and one day's end is the next one's beginning."""
    marts = ["fct_pipeline_daily", "fct_pipeline_bridge", "fct_pipeline_movement", "fct_stage_visit", "fct_opportunity"]
    with _built(company, marts, definitions) as connection:
        daily = _records(connection, "from marts.fct_pipeline_daily order by source_system, pipeline, stage, date_day")
        bridge = _records(
            connection, "from marts.fct_pipeline_bridge order by pipeline, scope, scope_id, period_type, period_start"
        )
        movements = _records(connection, "from marts.fct_pipeline_movement")
        visits = _records(connection, "from marts.fct_stage_visit order by opportunity_id, visit_number")
        absences = _records(connection, "from intermediate.int_opportunity_absence")
        deals = _records(connection, "from marts.fct_opportunity where status = 'open'")
    assert daily
    _assert_days_close(daily)
    assert _open_by_day(daily) == _open_told_by_visits(visits, absences, definitions, {row["date_day"] for row in daily})
    _assert_periods_close(bridge)
    _assert_periods_end_as_their_last_day(bridge, daily)
    _assert_scopes_sum_to_the_company(bridge)
    _assert_movements_sum_to_the_bridge(movements, bridge)
    if not definitions.created_from_stage:
        _assert_scopes_end_with_their_own_deals(bridge, deals)


def _assert_days_close(daily: list[dict[str, Any]]) -> None:
    for _, rows in itertools.groupby(daily, key=lambda row: (row["source_system"], row["pipeline"], row["stage"])):
        before: dict[str, Any] | None = None
        for row in rows:
            if before is None:
                assert (row["opening_count"], row["opening_amount"]) == (0, 0)
            else:
                assert row["date_day"] == before["date_day"] + timedelta(days=1)
                assert (row["opening_count"], row["opening_amount"]) == (before["open_count"], before["open_amount"])
            for of in ("count", "amount"):
                moved = sum(row[f"{name}_{of}"] for name in DAILY_IN) - sum(row[f"{name}_{of}"] for name in DAILY_OUT)
                changed = row["amount_change_amount"] if of == "amount" else 0
                assert row[f"opening_{of}"] + moved + changed == row[f"open_{of}"]
            before = row


def _open_by_day(daily: list[dict[str, Any]]) -> Counter[tuple[date, str, str]]:
    return Counter(
        {(row["date_day"], row["pipeline"], row["stage"]): row["open_count"] for row in daily if row["open_count"]}
    )


def _open_told_by_visits(
    visits: list[dict[str, Any]], absences: list[dict[str, Any]], definitions: Definitions, days: set[date]
) -> Counter[tuple[date, str, str]]:
    """How many deals are in each open stage at each day's end, deal by deal and day by day."""
    found: Counter[tuple[date, str, str]] = Counter()
    for deal, stays in itertools.groupby(visits, key=lambda visit: str(visit["opportunity_id"])):
        known = list(stays)
        gone = [row for row in absences if row["opportunity_id"] == deal]
        counted_from = min((visit["visit_number"] for visit in known if _counts(visit, definitions)), default=None)
        for day in days:
            end = _end_of(day)
            at_end = [visit for visit in known if visit["entered_at"] < end]
            is_gone = any(
                row["deleted_at"] < end and (row["restored_at"] is None or row["restored_at"] >= end) for row in gone
            )
            if not at_end or is_gone or counted_from is None:
                continue
            last = at_end[-1]
            if last["stage"] in OPEN_STAGES and last["visit_number"] >= counted_from:
                found[day, last["pipeline"], last["stage"]] += 1
    return found


def _counts(visit: dict[str, Any], definitions: Definitions) -> bool:
    """Whether this visit is one from which on the deal counts as created."""
    first = definitions.created_from_stage.get(visit["pipeline"])
    if first is None or visit["stage"] == "won":
        return True
    return visit["stage"] in OPEN_STAGES and STAGES.index(visit["stage"]) >= STAGES.index(first)


def _end_of(day: date) -> Any:
    return EXTRACT_DAYS[0].replace(year=day.year, month=day.month, day=day.day) + timedelta(days=1)


def _assert_periods_close(bridge: list[dict[str, Any]]) -> None:
    def line(row: dict[str, Any]) -> tuple[str, ...]:
        return row["pipeline"], row["scope"], row["scope_id"], row["period_type"]

    for _, rows in itertools.groupby(bridge, key=line):
        before: dict[str, Any] | None = None
        for row in rows:
            for of in ("count", "amount"):
                moved = sum(row[f"{name}_{of}"] for name in BRIDGE_IN) - sum(row[f"{name}_{of}"] for name in BRIDGE_OUT)
                changed = row["amount_change_amount"] if of == "amount" else 0
                assert row[f"opening_{of}"] == (before[f"closing_{of}"] if before else 0)
                assert row[f"opening_{of}"] + moved + changed == row[f"closing_{of}"]
            if before:
                assert row["period_start"] == before["period_end"] + timedelta(days=1)
            before = row


def _assert_periods_end_as_their_last_day(bridge: list[dict[str, Any]], daily: list[dict[str, Any]]) -> None:
    last_day = max(row["date_day"] for row in daily)
    ends: dict[tuple[str, date], list[Any]] = defaultdict(lambda: [0, 0])
    for row in daily:
        ends[row["pipeline"], row["date_day"]][0] += row["open_count"]
        ends[row["pipeline"], row["date_day"]][1] += row["open_amount"]
    company = [row for row in bridge if row["scope"] == "company"]
    assert {row["period_type"] for row in company} == {"week", "month", "quarter", "fiscal_quarter"}
    for row in company:
        end = min(row["period_end"], last_day)
        assert [row["closing_count"], row["closing_amount"]] == ends[row["pipeline"], end], row


def _assert_scopes_sum_to_the_company(bridge: list[dict[str, Any]]) -> None:
    """Transfers are between scopes, so they cancel out: what all teams together open, close, win and lose is the company's."""
    sums: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in bridge:
        sums[row["scope"], row["pipeline"], row["period_type"], row["period_start"]].update(
            {name: row[f"{name}_count"] for name in ("opening", "created", "reopened", "won", "lost", "deleted", "closing")}
        )
        sums[row["scope"], row["pipeline"], row["period_type"], row["period_start"]]["amount"] += row["closing_amount"]
    scopes = {key[0] for key in sums}
    assert {"team", "rep", "source", "segment"} <= scopes
    for scope, *rest in list(sums):
        assert sums[scope, *rest] == sums["company", *rest], (scope, rest)


def _assert_scopes_end_with_their_own_deals(bridge: list[dict[str, Any]], deals: list[dict[str, Any]]) -> None:
    """Whoever's the past is, on the last day a deal is its team's and segment's of today: what came over in between has come over."""
    last_start = {
        row["period_type"]: max(other["period_start"] for other in bridge if other["period_type"] == row["period_type"])
        for row in bridge
    }
    for scope in ("team", "segment"):
        own = Counter(deal[scope] or "(none)" for deal in deals)
        for period_type, start in last_start.items():
            closing: Counter[str] = Counter()
            for row in bridge:
                if (row["scope"], row["period_type"], row["period_start"]) == (scope, period_type, start):
                    closing[row["scope_id"]] += row["closing_count"]
            assert +closing == own, (scope, period_type)
            assert min(closing.values(), default=0) >= 0


def _assert_movements_sum_to_the_bridge(movements: list[dict[str, Any]], bridge: list[dict[str, Any]]) -> None:
    """Over all pipelines: a deal that changes pipeline moves in neither."""
    told: dict[tuple[str, date], list[Any]] = defaultdict(lambda: [0, 0])
    for row in movements:
        told[row["period_type"], row["period_start"]][0] += row["count_delta"]
        told[row["period_type"], row["period_start"]][1] += row["amount_delta"]
    bridged: dict[tuple[str, date], list[Any]] = defaultdict(lambda: [0, 0])
    for row in bridge:
        if row["scope"] == "company":
            bridged[row["period_type"], row["period_start"]][0] += row["closing_count"] - row["opening_count"]
            bridged[row["period_type"], row["period_start"]][1] += row["closing_amount"] - row["opening_amount"]
    assert {key: sums for key, sums in told.items() if any(sums)} == {
        key: sums for key, sums in bridged.items() if any(sums)
    }


@MORE
@given(histories())
def test_what_the_factors_did_to_velocity_adds_up(company: Histories) -> None:
    with _built(company, ["fct_velocity"]) as connection:
        found = _records(connection, "from marts.fct_velocity order by period_type, scope, scope_id, period_start")
    before: dict[tuple[str, ...], Any] = {}
    changes = 0
    for row in found:
        key = (row["period_type"], row["scope"], row["scope_id"])
        # What is not over is compared with the first days of the one before alone.
        if row["previous_end"] == row["period_start"] - timedelta(days=1):
            assert row["previous_velocity_per_day"] == before[key]
        else:
            assert row["previous_end"] is None or row["period_end"] > row["previous_end"] + timedelta(days=1)
        assert row["mean_open"] <= row["open_in_period"] + 1e-6
        before[key] = row["velocity_per_day"]
        parts = [row[f"contribution_{factor}"] for factor in ("opportunities", "win_rate", "deal_size", "sales_cycle")]
        if row["velocity_change"] is None:
            assert parts == [None] * 4
        else:
            changes += 1
            assert sum(parts) == row["velocity_change"] == row["velocity_per_day"] - row["previous_velocity_per_day"]
    assert changes > 3


@MORE
@given(histories())
def test_the_counts_of_segments_sum_to_the_whole(company: Histories) -> None:
    counts = ("entered", "visited", "skipped", "advanced", "lost", "still_open")
    with _built(company, ["fct_stage_funnel"]) as connection:
        found = _records(connection, "from marts.fct_stage_funnel")
    sums: dict[str, dict[tuple[Any, ...], Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in found:
        assert row["entered"] == row["visited"] + row["skipped"] == row["advanced"] + row["lost"] + row["still_open"]
        cell = row["cohort_month"], row["pipeline"], row["stage"]
        sums[row["scope"]][cell].update({count: row[count] for count in counts})
    assert {"company", "source", "motion", "team", "rep", "segment"} <= set(sums)
    assert all(dimension == sums["company"] for dimension in sums.values())


@MORE
@given(histories(), st.data())
def test_nothing_after_as_of_enters(company: Histories, data: st.DataObject) -> None:
    """Told as of the second extract, whatever is dated after that day, or delivered after it, changes no table."""
    as_of, later = EXTRACT_DAYS[1], EXTRACT_DAYS[1] + timedelta(days=1)
    deals = sorted({event.deal for event in company.events}) or ["D0"]
    added = [
        Event(
            data.draw(st.sampled_from(deals)),
            data.draw(st.sampled_from(STAGES)),
            later + timedelta(hours=data.draw(st.sampled_from((0, 1, 30, 400)))),
            data.draw(st.sampled_from(("1", "77777"))),
            "2027-01-15",
            "u2",
        )
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    # What the last extract says is drawn anew: another company's last day.
    other = data.draw(histories())
    perturbed = replace(company, deals=(*company.deals[:2], other.deals[2]), users=(*company.users[:2], other.users[2]))
    kept = [event for event in company.events if event.at < later]
    assert _digests(replace(perturbed, events=(*kept, *added)), as_of=as_of.date()) == _digests(company, as_of=as_of.date())


@MORE
@given(histories(), st.integers(0, 2**32))
def test_neither_the_order_of_rows_nor_the_cut_into_files_matters(company: Histories, seed: int) -> None:
    assert _digests(company, shuffled=random.Random(seed)) == _digests(company)


def _digests(company: Histories, shuffled: random.Random | None = None, as_of: date | None = None) -> dict[str, str]:
    marts = compiled_project().marts()
    with _built(company, marts, shuffled=shuffled, as_of=as_of) as connection:
        return digests(connection, marts)
