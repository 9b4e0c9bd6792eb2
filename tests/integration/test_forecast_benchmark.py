"""The accuracy that benchmarks/forecast.py measures is the product's only if the benchmark counts what the SQL counts.

The sample is the simulator's company of this seed, so its truth in memory and its extracts through a whole night must give the same
counts. If this fails, the benchmark's figures are of another method: benchmarks/forecast_history.py and forecast_counts.py, or
models/intermediate/forecast/int_forecast_spell.sql and what counts it.
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast_counts import count
from benchmarks.forecast_history import deal_history
from forecasting.counts import KINDS
from forecasting.frames import History
from funnelcast.settings import Settings
from simulator import Company, simulate_deals

SAMPLE_SEED = 20261122


@pytest.fixture(scope="module")
def counted() -> History:
    return count(deal_history(simulate_deals(Company(), SAMPLE_SEED)))


@pytest.fixture(scope="module")
def build(sample: Settings) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(sample.home / "build" / "build.duckdb"), read_only=True)


def stages(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("select stage from intermediate.int_stage where is_open order by stage_order").fetchall()
    return [row[0] for row in rows]


def test_deals_at_risk_and_what_became_of_them(counted: History, build: duckdb.DuckDBPyConnection) -> None:
    told = build.execute("select * from intermediate.int_forecast_exposure").df()
    names = stages(build)
    dense = {name: np.zeros(counted.counts.at_risk.shape) for name in ("at_risk_days", *KINDS)}
    where = (
        np.searchsorted(counted.counts.cell_start, pd.to_datetime(told["cell_start"]).map(pd.Timestamp.toordinal)),
        told["stage"].map(names.index).to_numpy(),
        told["age_band"].to_numpy(),
        np.searchsorted(counted.classes, told["amount_class"]),
    )
    for name, into in dense.items():
        np.add.at(into, where, told[name].to_numpy(float))
    # The SQL begins with the first day on which a deal was seen to end (left truncation), the benchmark with the history, two days before.
    assert np.array_equal(dense["at_risk_days"][1:], counted.counts.at_risk[1:])
    assert dense["at_risk_days"][0].sum() > 0.5 * counted.counts.at_risk[0].sum()
    for kind, name in enumerate(KINDS):
        assert np.array_equal(dense[name], counted.counts.events[kind]), name


def test_deals_that_came_in(counted: History, build: duckdb.DuckDBPyConnection) -> None:
    told = build.execute("select came_on, stage, deals from intermediate.int_forecast_arrival").df()
    names = [*stages(build), None]
    by_hand: dict[tuple[date, str | None], float] = {}
    entered = counted.arrivals.entered.sum(axis=2)
    for day, stage in zip(*np.nonzero(entered), strict=True):
        by_hand[date.fromordinal(counted.arrivals.day_first + int(day)), names[stage]] = entered[day, stage]
    of_sql = told.groupby([pd.to_datetime(told["came_on"]).dt.date, told["stage"]])["deals"].sum()
    assert of_sql.to_dict() == by_hand


def test_moves_between_stages(counted: History, build: duckdb.DuckDBPyConnection) -> None:
    told = build.execute(
        "select stage, next_stage, sum(deals) as deals from intermediate.int_forecast_move group by all"
    ).df()
    names = stages(build)
    moves = counted.moves.stage.sum(axis=0)
    by_hand = {(names[a], names[b]): moves[a, b] for a, b in zip(*np.nonzero(moves), strict=True)}
    assert {(row.stage, row.next_stage): row.deals for row in told.itertuples()} == by_hand
