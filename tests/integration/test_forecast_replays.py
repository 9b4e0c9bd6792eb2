"""Assumption: a replayed forecast knows what was known then, all of it and nothing else; and its numbers are those of a count by hand.

Guards what forecasts stand on: int_forecast_state, holder, win, due, naive, actual. A small company's deals are made at random, delivered as
generic extracts, and counted again here from the events themselves. Then all that happened after a day is replaced by something else:
every row of that day and before must stay as it is, to the last bit.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
from compiled_models import built
from nights import settings_for

FIRST, LAST = date(2024, 9, 2), date(2026, 9, 29)
EXTRACTS = (date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 30))
PROBABILITY = {
    "prospecting": Decimal("0.10"),
    "qualification": Decimal("0.25"),
    "engagement": Decimal("0.50"),
    "closing": Decimal("0.80"),
}
OPEN = tuple(PROBABILITY)
CATEGORIES = ("Pipeline", "Best Case", "Commit")
MODELS = (
    "int_forecast_naive",
    "int_forecast_actual",
    "int_forecast_due",
    "int_forecast_won_so_far",
    "int_forecast_pipeline",
)


@dataclass(frozen=True)
class Event:
    """One change of a deal, as its history tells it."""

    deal: str
    at: datetime
    stage: str
    amount: int
    expected: date


@dataclass(frozen=True)
class World:
    """All that happened, and whose each deal is at each extract."""

    events: tuple[Event, ...]
    owners: tuple[tuple[date, str, str], ...]
    categories: tuple[tuple[date, str, str], ...]

    def known(self, made_on: date) -> dict[str, list[Event]]:
        """The events of each deal before a day, in their order."""
        told: dict[str, list[Event]] = {}
        for event in sorted(self.events, key=lambda event: event.at):
            if event.at.date() < made_on:
                told.setdefault(event.deal, []).append(event)
        return told


def happening(seed: int) -> World:
    """Deals that move through stages at random, some of them reopened, some revalued after they were won."""
    chance = random.Random(seed)
    events: list[Event] = []
    for number in range(110):
        deal = f"D{number:03}"
        day = FIRST + timedelta(days=chance.randrange(720))
        amount, stage = chance.randrange(1, 80) * 100, 0
        expected = day + timedelta(days=chance.randrange(10, 120))
        while day <= LAST:
            name = OPEN[stage] if stage < 4 else chance.choice(("won", "won", "lost"))
            at = datetime(day.year, day.month, day.day, chance.randrange(24), chance.randrange(60))
            events.append(Event(deal, at, name, amount, expected))
            if name in ("won", "lost") and chance.random() < 0.85:
                break
            stage = 2 if name in ("won", "lost") else stage + 1
            if chance.random() < 0.4:
                expected += timedelta(days=chance.randrange(-20, 60))
            amount += chance.choice((0, 0, 500))
            day += timedelta(days=chance.randrange(1, 45))
    deals = sorted({event.deal for event in events})
    owners = [(day, deal, chance.choice(("u1", "u2", "u3"))) for day in EXTRACTS for deal in deals]
    categories = [(day, deal, chance.choice(CATEGORIES)) for day in EXTRACTS for deal in deals]
    return World(tuple(events), tuple(owners), tuple(categories))


def otherwise(world: World, after: date, seed: int) -> World:
    """The same world until a day's start, and another one from then on."""
    other = happening(seed + 1000)
    before = {event.deal for event in world.events if event.at.date() < after}
    events = [event for event in world.events if event.at.date() < after]
    # Deals of before go on differently; others begin.
    for event in other.events:
        if event.at.date() >= after:
            events.append(
                replace(event, deal=event.deal if event.deal in before else f"N{event.deal}", amount=event.amount + 7)
            )
    owners = [told for told in world.owners if told[0] < after] + [
        (day, deal, "u2") for day, deal, _ in world.owners if day >= after
    ]
    categories = [told for told in world.categories if told[0] < after] + [
        (day, deal, "Commit") for day, deal, _ in world.categories if day >= after
    ]
    deals = sorted({event.deal for event in events})
    new = [deal for deal in deals if deal.startswith("N")]
    owners += [(day, deal, "u1") for day in EXTRACTS for deal in new if day >= after]
    categories += [(day, deal, "Pipeline") for day in EXTRACTS for deal in new if day >= after]
    return World(tuple(events), tuple(owners), tuple(categories))


def deliver(world: World, landing: Path) -> None:
    """Write the extracts: deals on three days, as they were when those began; users once; the history at the end."""
    owner = {(day, deal): user for day, deal, user in world.owners}
    category = {(day, deal): word for day, deal, word in world.categories}
    for day in EXTRACTS:
        rows: list[Sequence[object]] = [
            (deal, told[-1].stage, told[0].at, told[-1].amount, owner[day, deal], category[day, deal], told[-1].expected)
            for deal, told in world.known(day).items()
        ]
        header = ("opportunity_id", "stage", "created_at", "amount", "owner_id", "forecast_category", "expected_close_on")
        _write(landing / "opportunity" / f"opportunity_{day}.csv", header, rows)
        _write(
            landing / "user" / f"user_{day}.csv",
            ("user_id", "name", "team"),
            [("u1", "Ann", "East"), ("u2", "Bob", "East"), ("u3", "Cid", "West")],
        )
    history = [(event.deal, event.stage, event.at, event.amount, event.expected) for event in world.events]
    _write(
        landing / "stage_history" / f"stage_history_{EXTRACTS[-1]}.csv",
        ("opportunity_id", "stage", "entered_at", "amount", "expected_close_on"),
        history,
    )


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


@contextmanager
def tables(world: World, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    deliver(world, folder / "landing" / "generic")
    with built(settings_for(folder / "home", folder / "landing"), MODELS) as (connection, landed):
        assert not landed.refused, landed.refused
        yield connection


# --- the count by hand ---


def month(day: date, ahead: int = 0) -> date:
    """The first day of the month that lies some months after a day's."""
    number = day.year * 12 + day.month - 1 + ahead
    return date(number // 12, number % 12 + 1, 1)


def won_between(known: dict[str, list[Event]], start: date, end: date) -> Decimal:
    """The amount of the deals that are won, since a day from start to before end."""
    total = Decimal(0)
    for told in known.values():
        if told[-1].stage == "won":
            since = next(
                event.at.date()
                for number, event in reversed(list(enumerate(told)))
                if number == 0 or told[number - 1].stage != "won"
            )
            total += told[-1].amount if start <= since < end else 0
    return total


def weighted(known: dict[str, list[Event]], start: date, end: date) -> Decimal:
    last = [told[-1] for told in known.values()]
    return sum(
        (
            event.amount * PROBABILITY[event.stage]
            for event in last
            if event.stage in PROBABILITY and start <= event.expected < end
        ),
        Decimal(0),
    )


def expected_naive(world: World, made_on: date) -> dict[str, Decimal]:
    """What each method says of the month that begins on a day, for the company."""
    known = world.known(made_on)

    def won(ahead: int) -> Decimal:
        return won_between(known, month(made_on, ahead), month(made_on, ahead + 1))

    return {
        "static_weighted": weighted(known, made_on, month(made_on, 1)),
        "last_period": won(-1),
        "moving_average": (won(-1) + won(-2) + won(-3)) / 3,
        "same_month_last_quarter": won(-3),
        "same_period_last_year": won(-12),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_months_are_what_a_count_by_hand_says(seed: int, tmp_path: Path) -> None:
    world = happening(seed)
    with tables(world, tmp_path) as connection:
        told = {
            (made_on, method): forecast
            for made_on, method, forecast in connection.execute(
                "select made_on, method, forecast from intermediate.int_forecast_naive"
                " where scope = 'company' and period_type = 'month' and made_on = period_start"
            ).fetchall()
        }
        actual = dict(
            connection.execute(
                "select period_start, won_amount from intermediate.int_forecast_actual where scope = 'company' and period_type = 'month'"
            ).fetchall()
        )
        teams = connection.execute(
            "select made_on, method, sum(forecast) from intermediate.int_forecast_naive"
            " where scope = 'team' and period_type = 'month' and made_on = period_start group by all"
        ).fetchall()
    starts = [month(date(2026, 1, 1), ahead) for ahead in range(9)]
    for made_on in starts:
        for method, forecast in expected_naive(world, made_on).items():
            assert told[made_on, method] == forecast.quantize(Decimal("0.01"), ROUND_HALF_UP), (made_on, method)
        assert actual[made_on] == won_between(world.known(date(2026, 10, 1)), made_on, month(made_on, 1))
    # Whose a deal was is known from the day after the first extract: before, teams say nothing.
    assert {made_on for made_on, _, _ in teams} == {month(date(2026, 1, 1), ahead) for ahead in range(3, 10)}
    for made_on, method, total in teams:
        # A mean of three months is rounded for each team.
        assert abs(total - told[made_on, method]) <= Decimal("0.02"), (made_on, method)


@pytest.mark.parametrize(("seed", "after"), [(3, date(2026, 5, 1)), (4, date(2026, 7, 15))])
def test_nothing_that_happened_later_changes_what_was_known(seed: int, after: date, tmp_path: Path) -> None:
    world = happening(seed)
    told = []
    for name, one in (("as it was", world), ("otherwise", otherwise(world, after, seed))):
        with tables(one, tmp_path / name) as connection:
            told.append(
                {
                    model: connection.execute(
                        f"select made_on <= date '{after}', * from intermediate.{model} order by all"
                    ).fetchall()
                    for model in MODELS
                    if model != "int_forecast_actual"
                }
            )
    for model in told[0]:
        before, others = ([row for row in of[model] if row[0]] for of in told)
        later, other_later = ([row for row in of[model] if not row[0]] for of in told)
        assert before == others, model
        assert later != other_later, f"{model}: nothing of what was changed shows, so this test cannot fail"
    assert any(row[0] for row in told[0]["int_forecast_naive"])
