"""Assumption: where there is little or nothing to learn from, the forecast says so; it is wide or empty, never nonsense.

Companies of one rep and no quota, with 0, 1, 5 and 20 closed deals, and one with nothing but an open deal. Every check of the gate that
refuses must be green on them: these are no faults of anybody's data.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from compiled_models import built
from nights import settings_for

from quality.suites import forecast

pytestmark = pytest.mark.long

MARTS = (
    "fct_forecast",
    "fct_forecast_accuracy",
    "fct_forecast_calibration",
    "rpt_forecast_warning",
    "rpt_ramp",
    "rpt_capacity_plan",
)
AS_OF = date(2026, 9, 20)


@contextmanager
def company(folder: Path, closed: int, quota: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A year of deals, one each fortnight: every third closed one is won. Three are open."""
    landing = folder / "landing" / "generic"
    deals, history = [], []
    for number in range(closed + 3):
        start = date(2025, 9, 8) + timedelta(days=14 * number)
        stage = "engagement" if number >= closed else ("won" if number % 3 == 0 else "lost")
        amount, expected = 1000 + 100 * (number % 5), start + timedelta(days=60)
        deals.append((f"D{number}", stage, start, amount, "u1", expected))
        history.append((f"D{number}", "engagement", f"{start} 10:00:00", amount, expected))
        if stage != "engagement":
            history.append((f"D{number}", stage, f"{start + timedelta(days=40)} 10:00:00", amount, expected))
    _write(landing / "opportunity", "opportunity_id stage created_at amount owner_id expected_close_on", deals)
    _write(landing / "stage_history", "opportunity_id stage entered_at amount expected_close_on", history)
    _write(landing / "user", "user_id name team started_on", [("u1", "Ann", "East", date(2024, 1, 1))])
    if quota is not None:
        _write(
            landing / "target",
            "scope scope_id metric period period_start value",
            [("rep", "u1", "bookings", "quarter", date(2026, 7, 1), quota)],
        )
    with built(settings_for(folder / "home", folder / "landing"), [*MARTS, "fct_velocity"]) as (connection, landed):
        assert not landed.refused, landed.refused
        yield connection


def _write(folder: Path, header: str, rows: list[Any]) -> None:
    folder.mkdir(parents=True)
    with (folder / f"{folder.name}_{AS_OF}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(), *rows])


def refusing(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The checks of the forecast that would refuse this build."""
    red = []
    for check in forecast.group().checks:
        assert check.rule.offenders is not None
        if check.severity == "refuse" and connection.execute(check.rule.offenders.format(batch=check.table)).fetchall():
            red.append(check.name)
    return red


@pytest.mark.parametrize("closed", [0, 1, 5, 20])
def test_a_short_history_is_wide_or_empty_and_labelled(closed: int, tmp_path: Path) -> None:
    with company(tmp_path, closed) as connection:
        rows = connection.execute(
            "select mean, p10, p50, p90, won_so_far, basis, unknown, probability_of_quota, gap, expected_attainment, static_weighted"
            " from marts.fct_forecast where is_latest and scope = 'company'"
        ).fetchall()
        warnings = connection.execute("select count(*) from marts.rpt_forecast_warning").fetchall()
        calibration = connection.execute("select count(*), sum(won) from marts.fct_forecast_calibration").fetchall()
        hires = connection.execute("select distinct hires_needed, hire_by, quota from marts.rpt_capacity_plan").fetchall()
        assert refusing(connection) == []
    assert len(rows) == 8
    for mean, p10, p50, p90, won_so_far, basis, unknown, probability, gap, attainment, _ in rows:
        assert "quota: none is set" in unknown
        assert (probability, gap, attainment) == (None, None, None)
        if mean is None:
            assert closed == 0 or basis == "none"
            assert "forecast: nothing to learn from yet" in unknown
            continue
        assert basis in ("static", "pooled", "hazard")
        assert 0 <= won_so_far <= p10 <= p50 <= p90
        # With so little, nobody knows within a tenth; but where a win is less likely than one in ten (deals are worth 1,000 and more), even p90 is none.
        assert p90 - p10 >= (mean - won_so_far) / 10 or mean - won_so_far < 100
    assert warnings == [(0,)]
    assert calibration[0][0] == 10
    assert hires == [(None, None, None)]


def test_one_rep_with_a_quota_is_the_company(tmp_path: Path) -> None:
    with company(tmp_path, 20, quota=1_000_000) as connection:
        told = connection.execute(
            "select scope, scope_id, mean, quota, probability_of_quota from marts.fct_forecast"
            " where is_latest and period_type = 'quarter' and period_start = date '2026-07-01' and scope in ('company', 'team', 'rep')"
            " order by scope"
        ).fetchall()
        warned = connection.execute("select scope, period_type from marts.rpt_forecast_warning order by scope").fetchall()
        assert refusing(connection) == []
    assert [row[:2] for row in told] == [("company", "all"), ("rep", "u1"), ("team", "East")]
    # Within a cent of each other, and no chance of a million.
    assert max(row[2] for row in told) - min(row[2] for row in told) <= 0.01 * 3
    assert {float(row[3]) for row in told} == {1_000_000.0}
    assert all(row[4] < 0.01 for row in told)
    assert warned == [("company", "quarter"), ("rep", "quarter"), ("team", "quarter")]


def test_deals_that_never_close_were_not_won(tmp_path: Path) -> None:
    """Two years of deals, two a week, of which every third is won after 40 days and one is lost; one never closes. All are in the record of what was said."""
    start = date(2024, 9, 23)
    deals, history, won_on = [], [], {}
    for number in range(200):
        key, begun = f"D{number}", start + timedelta(days=number * 7 // 2)
        ended = begun + timedelta(days=40)
        stage = ("won", "lost", "engagement")[number % 3] if ended <= AS_OF else "engagement"
        deals.append((key, stage, begun, 1000, "u1", ended))
        history.append((key, "engagement", f"{begun} 10:00:00", 1000, ended))
        if stage != "engagement":
            history.append((key, stage, f"{ended} 10:00:00", 1000, ended))
        if stage == "won":
            won_on[key] = ended
    landing = tmp_path / "landing" / "generic"
    _write(landing / "opportunity", "opportunity_id stage created_at amount owner_id expected_close_on", deals)
    _write(landing / "stage_history", "opportunity_id stage entered_at amount expected_close_on", history)
    with built(settings_for(tmp_path / "home", tmp_path / "landing"), [*MARTS, "fct_velocity"]) as (connection, landed):
        assert not landed.refused, landed.refused
        assert refusing(connection) == []
        given = connection.execute(
            "select made_on, opportunity_id, win_probability from intermediate.int_forecast_given_probability"
        ).fetchall()
        told = {
            decile: rest
            for decile, *rest in connection.execute(
                "select decile, deals, still_open, year_not_over, won, won_share from marts.fct_forecast_calibration"
            ).fetchall()
        }

    expected: dict[int, list[int]] = {decile: [0, 0, 0, 0] for decile in range(1, 11)}
    for made_on, key, probability in given:
        counts = expected[min(int(probability * 10) + 1, 10)]
        is_open = {deal[0]: deal[1] for deal in deals}[key] == "engagement"
        ends = made_on + timedelta(days=364)
        counts[0] += 1
        counts[1] += is_open
        counts[2] += is_open and ends > AS_OF
        counts[3] += key in won_on and made_on <= won_on[key] <= ends
    assert {decile: rest[:4] for decile, rest in told.items()} == expected
    # Zombies gather: at the last moment whose year is over, five quarters after the start, about 20 of them were open beside a dozen others.
    assert sum(counts[1] - counts[2] for counts in expected.values()) > 20
    exact = [(rest[4], rest[3] / rest[0]) for rest in told.values() if rest[0] and not rest[2]]
    assert exact
    assert all(share == pytest.approx(plain, abs=1e-6) for share, plain in exact)
