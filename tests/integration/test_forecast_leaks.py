"""Assumption: no published number of a past forecast knows what came after it: not from deals, deletions, exchange rates or quotas.

One company is built as it was, and again with one thing made different from a day on. All that fct_forecast and fct_forecast_accuracy say
of the days before must stay as it is, to the last bit; something of what they say of later ones must not, or the test could not fail. If it
fails, compare the tables that they are made of (test_forecast_replays.py, test_forecast.py).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from compiled_models import built
from nights import settings_for
from test_forecast_replays import EXTRACTS, FIRST, LAST, World, deliver, happening, otherwise

from funnelcast.sales_process import SalesProcess

pytestmark = pytest.mark.long

SEED, AFTER = 6, date(2026, 7, 15)
CURRENCIES = ("EUR", "USD", "GBP")
# Said of a past day: what is about the forecast, not about what happened since.
SAID = {
    "fct_forecast": "* exclude (is_latest)",
    "fct_forecast_accuracy": "as_of, period_type, period_start, period_end, scope, scope_id, method, forecast, p10, p90, basis",
}
# Of nobody's deals, nothing is told where nothing was said and nothing came: what came is of later.
IS_SAID = {"fct_forecast": "true", "fct_forecast_accuracy": "(scope_id <> '(none)' or forecast > 0)"}
Told = dict[str, tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]


@dataclass(frozen=True)
class Company:
    """What happened, which deals an extract lacks, rates by day and currency, and quotas of the company by period."""

    world: World
    absent: frozenset[tuple[date, str]]
    rates: dict[tuple[str, date], float]
    quotas: dict[tuple[str, date], int]


def company() -> Company:
    """Two deals are gone from the second extract, and two more from the third. What no extract ever shows is no deal."""
    days = [FIRST + timedelta(days=7 * week) for week in range((LAST - FIRST).days // 7 + 1)]
    world = happening(SEED)
    first, second = (sorted(world.known(day))[:number] for day, number in ((EXTRACTS[0], 2), (EXTRACTS[1], 4)))
    return Company(
        world,
        frozenset([(EXTRACTS[1], deal) for deal in first] + [(EXTRACTS[2], deal) for deal in (*first, *second)]),
        {
            (currency, day): 0.7 + 0.1 * place + 0.001 * number
            for place, currency in enumerate(CURRENCIES[1:])
            for number, day in enumerate(days)
        },
        {("year", date(2026, 1, 1)): 200_000, **{("month", date(2026, month, 1)): 20_000 for month in range(1, 13)}},
    )


def _others_absent(plain: Company) -> frozenset[tuple[date, str]]:
    """Every other deal that the second extract showed is gone from the third."""
    shown = sorted(plain.world.known(EXTRACTS[1]))[5::2]
    return frozenset([told for told in plain.absent if told[0] < AFTER] + [(EXTRACTS[2], deal) for deal in shown])


CHANGED: dict[str, Callable[[Company], Company]] = {
    "deals": lambda plain: replace(plain, world=otherwise(plain.world, AFTER, SEED)),
    "deletions": lambda plain: replace(plain, absent=_others_absent(plain)),
    "rates": lambda plain: replace(
        plain, rates={key: rate * (2 if key[1] >= AFTER else 1) for key, rate in plain.rates.items()}
    ),
    "quotas": lambda plain: replace(
        plain, quotas={key: quota * (2 if key[1] >= AFTER else 1) for key, quota in plain.quotas.items()}
    ),
}


def build(one: Company, folder: Path) -> Told:
    """What each table says of the days before AFTER, and of later ones."""
    landing = folder / "landing" / "generic"
    deliver(one.world, landing)
    for day in EXTRACTS:
        _in_currencies(landing / "opportunity" / f"opportunity_{day}.csv", {deal for at, deal in one.absent if at == day})
    _write(
        landing / "fx_rate" / f"fx_rate_{EXTRACTS[-1]}.csv",
        ("currency", "date", "rate"),
        [(currency, day, f"{rate:.6f}") for (currency, day), rate in one.rates.items()],
    )
    _write(
        landing / "target" / f"target_{EXTRACTS[-1]}.csv",
        ("scope", "metric", "period", "period_start", "value"),
        [("company", "bookings", period, start, quota) for (period, start), quota in one.quotas.items()],
    )
    process = SalesProcess.model_validate({"company": {"currency": "EUR"}})
    with built(settings_for(folder / "home", folder / "landing"), list(SAID), process) as (connection, landed):
        assert not landed.refused, landed.refused
        rows = {
            table: [
                connection.execute(
                    f"select {columns} from marts.{table} where as_of {side} date '{AFTER}' and {IS_SAID[table]} order by all"
                ).fetchall()
                for side in ("<", ">=")
            ]
            for table, columns in SAID.items()
        }
    shutil.rmtree(folder)
    return {table: (before, after) for table, (before, after) in rows.items()}


def _in_currencies(path: Path, absent: set[str]) -> None:
    """Each deal has a currency of its own, and some are gone."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *deals = csv.reader(file)
    kept = [(*deal, CURRENCIES[int(deal[0][-3:]) % 3]) for deal in deals if deal[0] not in absent]
    _write(path, (*header, "currency"), kept)


def _write(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return build(company(), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("what", list(CHANGED))
def test_a_past_forecast_knows_nothing_of_what_came_after(what: str, plain: Told, tmp_path: Path) -> None:
    other = build(CHANGED[what](company()), tmp_path / what)
    for table, (before, after) in plain.items():
        assert len(before) > 40, table
        assert before == other[table][0], table
        # A quota is held against forecasts, and makes none: nothing that was ever said of a period changes with it.
        if (what, table) == ("quotas", "fct_forecast_accuracy"):
            assert after == other[table][1]
        # Deals that are found missing in the last extract were there for every forecast before.
        elif (what, table) != ("deletions", "fct_forecast_accuracy"):
            assert after != other[table][1], f"{table}: nothing of what was changed shows, so this test cannot fail"
