"""Deals of up to 10^15 in the reporting currency, in and from currencies of small units, in every table.

Guards money_type() and every product and sum of money: amounts by rates, shares and probabilities, squares, and sums over many such deals.
Broken by: a type that has room for one deal but not for two, or for a dollar but not for a forint. Amounts are held against exact decimals,
from the rows that were delivered.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext
from pathlib import Path

import duckdb
import pytest
from compiled_models import built, compiled_project
from nights import night, rows, settings_for

from funnelcast.sales_process import Company, SalesProcess

getcontext().prec = 60
pytestmark = pytest.mark.long

LIMIT = 10**15
AS_OF = date(2026, 11, 8)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Deal:
    """One deal as it is delivered, and what it is worth in the reporting currency."""

    deal: str
    status: str
    created: date
    closed: date | None
    amount: Decimal
    currency: str
    worth: Decimal


def company(seed: int, reporting: str, foreign: str, rate: Decimal, deals: int = 80) -> list[Deal]:
    """Deals of every size up to the limit, a fifth of them at it, half of them in the other currency."""
    draw = random.Random(seed)
    found = []
    for number in range(deals):
        worth = Decimal(LIMIT) if number % 5 == 0 else Decimal(repr(round(10 ** draw.uniform(1, 15), 2)))
        is_foreign = number % 2 == 1
        amount = (worth / rate if is_foreign else worth).quantize(CENT)
        created = AS_OF - timedelta(days=draw.randrange(40, 640))
        status = draw.choice(("open", "won", "won", "lost"))
        closed = None if status == "open" else min(AS_OF, created + timedelta(days=draw.randrange(5, 200)))
        exact = (amount * rate).quantize(CENT, ROUND_HALF_UP) if is_foreign else amount
        found.append(Deal(f"D{number}", status, created, closed, amount, foreign if is_foreign else reporting, exact))
    return found


def deliver(landing: Path, deals: Sequence[Deal], foreign: str, rate: Decimal, more: Sequence[dict[str, str]] = ()) -> None:
    owner = {deal.deal: f"u{number % 3}" for number, deal in enumerate(deals)}
    table = [
        {
            "opportunity_id": deal.deal,
            "stage": {"open": "engagement"}.get(deal.status, deal.status),
            "created_at": f"{deal.created}T08:00:00Z",
            "closed_at": f"{deal.closed}T09:00:00Z" if deal.closed else "",
            "amount": f"{deal.amount:f}",
            "currency": deal.currency,
            "owner_id": owner[deal.deal],
            "expected_close_on": f"{deal.created + timedelta(days=700)}",
        }
        for deal in deals
    ]
    history = [
        {
            "opportunity_id": deal.deal,
            "stage": stage,
            "entered_at": at,
            "amount": f"{amount:f}",
            "owner_id": owner[deal.deal],
        }
        for deal in deals
        for stage, at, amount in (
            ("prospecting", f"{deal.created}T08:00:00Z", (deal.amount / 3).quantize(CENT)),
            ("engagement", f"{deal.created + timedelta(days=3)}T08:00:00Z", deal.amount),
            *([(deal.status, f"{deal.closed}T09:00:00Z", deal.amount)] if deal.closed else []),
        )
    ]
    days = [AS_OF - timedelta(days=back) for back in range(700)]
    _write(landing / "opportunity" / f"opportunity_{AS_OF}.csv", [*table, *more])
    _write(landing / "stage_history" / f"stage_history_{AS_OF}.csv", history)
    _write(
        landing / "fx_rate" / f"fx_rate_{AS_OF}.csv",
        [{"currency": foreign, "date": f"{day}", "rate": f"{rate}"} for day in days],
    )
    _write(
        landing / "user" / f"user_{AS_OF}.csv",
        [{"user_id": f"u{n}", "name": f"U{n}", "team": f"T{n % 2}"} for n in range(3)],
    )
    quota = [("rep", f"u{n}", f"2026-{month:02}-01") for n in range(3) for month in range(7, 13)]
    _write(
        landing / "target" / f"target_{AS_OF}.csv",
        [
            {
                "scope": scope,
                "scope_id": who,
                "metric": "bookings",
                "period": "month",
                "period_start": start,
                "value": str(LIMIT),
            }
            for scope, who, start in quota
        ],
    )


def _write(path: Path, found: Sequence[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        names = list(dict.fromkeys(name for row in found for name in row))
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(found)


COMPANIES = [
    ("USD", "JPY", "0.0066"),
    ("JPY", "USD", "150"),
    ("KRW", "EUR", "1600.5"),
    ("EUR", "HUF", "0.00247"),
    ("INR", "KWD", "271.123456789"),
]


@contextmanager
def _every_mart(folder: Path, currency: str) -> Iterator[duckdb.DuckDBPyConnection]:
    process = SalesProcess(company=Company(currency=currency))
    chosen = settings_for(folder / "home", folder / "landing")
    with built(chosen, compiled_project().marts(), process) as (connection, landing):
        assert not landing.refused, landing.refused
        yield connection


@pytest.mark.parametrize(("seed", "reporting", "foreign", "rate"), [(seed, *each) for seed, each in enumerate(COMPANIES)])
def test_large_deals_are_told_to_the_cent_in_every_table(
    tmp_path: Path, seed: int, reporting: str, foreign: str, rate: str
) -> None:
    deals = company(seed, reporting, foreign, Decimal(rate))
    deliver(tmp_path / "landing" / "generic", deals, foreign, Decimal(rate))
    with _every_mart(tmp_path, reporting) as connection:
        told = dict(connection.execute("select opportunity_id, amount from marts.fct_opportunity").fetchall())
        assert told == {deal.deal: deal.worth for deal in deals}
        won = sum(deal.worth for deal in deals if deal.status == "won")
        assert won > 5 * LIMIT
        open_ = sum(deal.worth for deal in deals if deal.status == "open")
        for period in ("week", "month", "quarter", "year"):
            by_velocity = connection.execute(
                "select sum(won_amount) from marts.fct_velocity where scope = 'company' and period_type = ?", [period]
            ).fetchone()
            assert by_velocity == (won,), period
        day = connection.execute("select sum(open_amount) from marts.fct_pipeline_daily where date_day = ?", [AS_OF])
        assert day.fetchone() == (open_,)
        assert connection.execute("select sum(won_amount) from marts.fct_pipeline_daily").fetchone() == (won,)
        bridge = connection.execute(
            """
            select sum(closing_amount) from marts.fct_pipeline_bridge
            where scope = 'company' and period_type = 'month' and period_start = '2026-11-01'
            """
        )
        assert bridge.fetchone() == (open_,)
        assert connection.execute("select sum(credited_amount) from marts.fct_won_credit").fetchone() == (won,)
        quarter = sum(deal.worth for deal in deals if deal.status == "won" and (deal.closed or AS_OF) >= date(2026, 10, 1))
        forecast = connection.execute(
            """
            select won_so_far, quota, p10 <= p50 and p50 <= p90 from marts.fct_forecast
            where scope = 'company' and period_type = 'quarter' and period_start = '2026-10-01' and is_latest
            """
        )
        assert forecast.fetchall() == [(quarter, 9 * LIMIT, True)]


def test_amounts_beyond_the_limit_are_set_aside_with_a_reason(tmp_path: Path) -> None:
    deals = company(9, "USD", "JPY", Decimal("0.0066"), deals=20)
    absurd = [
        {
            "opportunity_id": f"X{number}",
            "stage": "won",
            "created_at": "2026-09-01",
            "closed_at": "2026-10-01",
            "amount": amount,
        }
        for number, amount in enumerate(("1000000000000000000.01", "9" * 40, "1e300", "1e400", "-1e19"))
    ]
    absurd[0]["amount"] = "1" + "0" * 14 + "1000"  # a little more than 10^18
    deliver(tmp_path / "landing" / "generic", deals, "JPY", Decimal("0.0066"), absurd)
    with _every_mart(tmp_path, "USD") as connection:
        assert connection.execute(
            "select distinct row_problem from staging.stg_generic__opportunity where row_disposition = 'set_aside'"
        ).fetchall() == [("larger than 1,000,000,000,000,000,000",)]
        told = connection.execute("select count(*) from marts.fct_opportunity").fetchone()
    assert told == (20,)


def test_a_company_of_large_deals_is_published(tmp_path: Path) -> None:
    """The real job: contracts, gate, publishing and summary."""
    deals = company(11, "JPY", "USD", Decimal(150))
    deliver(tmp_path / "landing" / "generic", deals, "USD", Decimal(150))
    config = tmp_path / "sales_process.yml"
    config.write_text("company: {currency: JPY}\n", encoding="utf-8")
    settings = night(tmp_path / "home", tmp_path / "landing", config)
    assert rows(settings.home, "select sum(amount) from fct_opportunity") == [(sum(deal.worth for deal in deals),)]
