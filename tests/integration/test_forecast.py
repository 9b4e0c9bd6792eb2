"""Assumption: a forecast knows nothing of what came after it was made, and stands on counts of what the deals did.

A generated company of a few hundred deals is built twice: as it is, and with everything dated after one day made different. Its counts are
made again by hand from the delivered rows. If the first fails, some int_forecast_ model (or one it reads) looks ahead: compare the tables in
the order of their dependencies. If the second fails, look at int_forecast_spell and int_forecast_exposure.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from compiled_models import built
from nights import settings_for

from forecasting.counts import AGE_BANDS
from forecasting.tables import SCHEMA, TABLES

FIRST, AS_OF, CUT = date(2025, 3, 3), date(2026, 6, 14), date(2026, 1, 1)
STAGES = ("prospecting", "qualification", "engagement", "closing")
# Every table of the forecast that has a row per moment, whatever comes before it.
REPLAYED = ("int_forecast_combined", "int_forecast_hazard", "int_forecast_naive", "int_forecast_open", "risk")


def company(seed: int = 5, deals: int = 420) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Opportunities and their stage history: deals come all the time, move on, back, win and lose; some amounts change or are missing."""
    rng = np.random.default_rng(seed)
    history, opportunities = [], []
    for number in range(deals):
        at = datetime.combine(FIRST, datetime.min.time()) + timedelta(hours=float(rng.uniform(0, 24 * (AS_OF - FIRST).days)))
        amount: float | None = round(float(np.exp(rng.normal(9, 1))), 2) if rng.random() < 0.9 else None
        stage, created, newest = 0, at, at
        label = STAGES[0]
        while at.date() <= AS_OF:
            history.append((f"D{number}", label, at, amount))
            newest = at
            if label in ("won", "lost"):
                break
            at += timedelta(days=float(rng.exponential(14)))
            step = rng.random()
            if step < 0.25:
                label = "lost"
            elif stage == 3:
                label = "won"
            else:
                stage = max(0, stage - 1) if step > 0.95 else stage + 1
                label = STAGES[stage]
            if rng.random() < 0.2 and amount is not None:
                amount = round(amount * float(rng.uniform(0.6, 1.5)), 2)
        closed = newest if history[-1][1] in ("won", "lost") else None
        opportunities.append((f"D{number}", history[-1][1], created, closed, history[-1][3], "u1"))
    told = pd.DataFrame(history, columns=["opportunity_id", "stage", "entered_at", "amount"])
    names = ["opportunity_id", "stage", "created_at", "closed_at", "amount", "owner_id"]
    return pd.DataFrame(opportunities, columns=names), told


def other_future(opportunities: pd.DataFrame, history: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Wins and losses after the cut change places, amounts are three times as large, and half of the deals that began after it never were."""
    late = history["entered_at"] >= pd.Timestamp(CUT)
    swapped = {"won": "lost", "lost": "won"}
    history = history.assign(
        stage=history["stage"].where(~late, history["stage"].replace(swapped)),
        amount=history["amount"].where(~late, history["amount"] * 3),
    )
    begun_late = opportunities["created_at"] >= pd.Timestamp(CUT)
    never = opportunities.loc[begun_late, "opportunity_id"].iloc[::2]
    history = history[~history["opportunity_id"].isin(never)]
    newest = history.groupby("opportunity_id").last()
    kept = opportunities[~opportunities["opportunity_id"].isin(never)].set_index("opportunity_id")
    kept = kept.assign(stage=newest["stage"], amount=newest["amount"]).reset_index()
    return kept, history


def deliver(folder: Path, opportunities: pd.DataFrame, history: pd.DataFrame) -> None:
    for name, frame in {"opportunity": opportunities, "stage_history": history}.items():
        path = folder / "landing" / "generic" / name / f"{name}_{AS_OF}.csv"
        path.parent.mkdir(parents=True)
        frame.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")


def build(folder: Path, opportunities: pd.DataFrame, history: pd.DataFrame) -> dict[str, pd.DataFrame]:
    deliver(folder, opportunities, history)
    wanted = (
        *(name for name in REPLAYED if name not in TABLES),
        "int_forecast_exposure",
        "int_forecast_cell",
        "int_opportunity_win_probability",
        "int_forecast_actual",
    )
    with built(settings_for(folder / "home", folder / "landing"), wanted) as (connection, landing):
        assert not landing.refused
        return {name: table(connection, name) for name in (*wanted, "risk")}


def table(connection: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    schema = SCHEMA if name in TABLES else "intermediate"
    return connection.execute(f"select * from {schema}.{name} order by all").df()


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """As it was, and with another future."""
    plain = company()
    return (
        build(tmp_path_factory.mktemp("plain"), *plain),
        build(tmp_path_factory.mktemp("other"), *other_future(*plain)),
    )


@pytest.mark.parametrize("name", REPLAYED)
def test_no_number_of_a_past_forecast_knows_what_came_after(
    tables: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]], name: str
) -> None:
    before, after = (told[name] for told in tables)
    until = [pd.to_datetime(told["made_on"]) <= pd.Timestamp(CUT) for told in (before, after)]
    past, other = (told[rows].reset_index(drop=True) for told, rows in zip((before, after), until, strict=True))
    assert len(past) > 5
    # A class of amount that only the future has adds states of which nothing was known: no deal is in one.
    if name == "risk":
        shared = sorted(set(past["amount_class"]) & set(other["amount_class"]))
        past, other = (told[told["amount_class"].isin(shared)].reset_index(drop=True) for told in (past, other))
    pd.testing.assert_frame_equal(past, other, check_exact=True)
    # The future did change what is forecast later.
    assert not before[~until[0]].reset_index(drop=True).equals(after[~until[1]].reset_index(drop=True))


def test_deal_days_and_what_became_of_deals_are_those_of_the_delivered_rows(
    tables: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]],
) -> None:
    expected, starts = counted_by_hand(company()[1], tables[0]["int_forecast_cell"])
    told = tables[0]["int_forecast_exposure"]
    assert len(told) > 1000
    found = {
        (row.cell_start.date(), row.stage, row.age_band, row.amount_class): (row.at_risk_days, row.moved, row.won, row.lost)
        for row in told.itertuples()
    }
    assert found == {key: tuple(value) for key, value in expected.items() if value[0] > 0}
    assert len(starts) == told["cell_start"].nunique()


def counted_by_hand(
    history: pd.DataFrame, cells: pd.DataFrame
) -> tuple[dict[tuple[date, str, int, int], list[int]], Counter[date]]:
    """Deal by deal and day by day: the state at the end of each day; at risk from the day after it came to the day it leaves."""
    starts = sorted(day.date() for day in cells["cell_start"])
    counts: dict[tuple[date, str, int, int], list[int]] = {}
    seen: Counter[date] = Counter()
    leaves = []
    stays = []
    for _, rows in history.groupby("opportunity_id", sort=False):
        by_day = {
            at.date(): (stage, amount)
            for at, stage, amount in zip(rows["entered_at"], rows["stage"], rows["amount"], strict=True)
        }
        days = [*by_day, None]
        entered = days[0]
        for place, day in enumerate(days[:-1]):
            stage, amount = by_day[day]
            if place > 0 and by_day[days[place - 1]][0] != stage:
                entered = day
            if stage in ("won", "lost"):
                continue
            until = days[place + 1]
            after = by_day[until][0] if until else None
            stays.append((stage, class_by_hand(amount), entered, day, until, after))
            if after not in (None, stage):
                leaves.append(until)
    known_from = min(leaves)
    for stage, amount_class, entered, day, until, after in stays:
        at = max(day + timedelta(days=1), known_from)
        while at <= (until or AS_OF):
            cell = max(start for start in starts if start <= at)
            band = sum(1 for first in AGE_BANDS if first <= (at - entered).days) - 1
            row = counts.setdefault((cell, stage, band, amount_class), [0, 0, 0, 0])
            row[0] += 1
            if at == until and after != stage:
                row[{"won": 2, "lost": 3}.get(str(after), 1)] += 1
            seen[cell] += 1
            at += timedelta(days=1)
    return counts, seen


def class_by_hand(amount: float) -> int:
    return 0 if math.isnan(amount) else next(half for half in range(18, 1, -1) if half == 2 or amount >= 10 ** (half / 2))


def test_reasons_add_up_to_the_probability(tables: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]) -> None:
    deals = tables[0]["int_opportunity_win_probability"]
    assert len(deals) > 10
    parts = deals[["mean_win_probability", "points_from_stage", "points_from_age", "points_from_amount"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(deals["win_probability"].to_numpy(), abs=2e-6)
    assert deals["win_probability"].between(0, 1).all()
    assert (deals["likely_win_from"] <= deals["likely_win_to"]).all()
    assert (deals["likely_win_from"] > pd.Timestamp(AS_OF)).all()


def test_the_forecast_of_this_company_is_sensible(tables: tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]) -> None:
    """Its risks never change, so all in all what was won in the replayed months lies within three standard deviations of what was said."""
    told = tables[0]["int_forecast_combined"].query("scope == 'company' and period_type == 'month' and basis == 'hazard'")
    told = told[told["made_on"] == told["period_start"]].merge(
        tables[0]["int_forecast_actual"].query("scope == 'company'"), on=["period_type", "period_start"]
    )
    over = told[told["period_start"] < pd.Timestamp(AS_OF).replace(day=1)]
    assert len(over) >= 6
    deviation = float((over["standard_deviation"].astype(float) ** 2).sum()) ** 0.5
    assert over["mean"].astype(float).sum() == pytest.approx(float(over["won_amount"].sum()), abs=3 * deviation)
    assert over["won_amount"].between(over["p10"], over["p90"]).mean() >= 0.5


@pytest.mark.parametrize("deals", [0, 1, 5, 20])
def test_short_histories_are_told_as_such(tmp_path: Path, deals: int) -> None:
    """The first deals of the company alone, of one rep; with no deal at all, one that is open."""
    opportunities, history = company(deals=max(deals, 1))
    if deals == 0:
        history = history.iloc[:1]
        opportunities = opportunities.assign(stage=STAGES[0], closed_at=pd.NaT)
    combined = build(tmp_path, opportunities, history)["int_forecast_combined"]
    assert len(combined)
    present = combined[pd.to_datetime(combined["made_on"]) == pd.Timestamp(AS_OF) + pd.Timedelta(days=1)]
    assert set(present["basis"]) <= ({"static", "none"} if deals == 0 else {"pooled"})
    spoken = present[present["basis"] == "pooled"].astype({"mean": float, "p10": float, "p90": float, "won_so_far": float})
    assert (spoken["p10"] >= spoken["won_so_far"] - 0.01).all()
    assert (spoken["mean"] >= spoken["won_so_far"] - 0.01).all()
    largest = float(np.nansum(opportunities["amount"].astype(float)) + 1)
    assert (spoken["mean"] < 50 * largest).all()
    assert present.loc[present["basis"] == "none", "mean"].isna().all()
