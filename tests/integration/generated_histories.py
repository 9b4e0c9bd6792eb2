"""Companies that hypothesis makes up: deals with long and crooked histories, in generic extracts of three days.

Belongs here: what is drawn, and writing it to a landing folder, in any row order and cut into any files. Does not belong here: what must
come of it (test_history_properties.py).

Deals are won and reopened, move back, skip, change pipeline, owner, amount and expected close date, two things at one instant included;
some have no history, some are flagged as deleted or gone from an extract and back in the next.
"""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st

Row = dict[str, str]
Told = TypeVar("Told")

STAGES = ("prospecting", "qualification", "engagement", "closing", "won", "lost")
FIRST_DAY = datetime(2026, 5, 4)
EXTRACT_DAYS = (datetime(2026, 10, 25), datetime(2026, 11, 1), datetime(2026, 11, 8))
OWNERS = ("u1", "u2", "u3")


@dataclass(frozen=True)
class Event:
    """One change that the CRM's own history tells."""

    deal: str
    stage: str
    at: datetime
    amount: str
    expected_close: str
    owner: str

    def as_row(self) -> Row:
        return {
            "opportunity_id": self.deal,
            "stage": self.stage,
            "entered_at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "amount": self.amount,
            "expected_close_on": self.expected_close,
            "owner_id": self.owner,
        }


@dataclass(frozen=True)
class Histories:
    """What is delivered: the histories, and per extract day the tables of deals and users."""

    events: tuple[Event, ...]
    deals: tuple[tuple[Row, ...], ...]
    users: tuple[tuple[Row, ...], ...]


@st.composite
def histories(draw: st.DrawFn) -> Histories:
    """A company of six to ten deals."""
    events: list[Event] = []
    tables: list[list[Row]] = [[] for _ in EXTRACT_DAYS]
    for number in range(1, draw(st.integers(6, 10)) + 1):
        deal = f"D{number}"
        created = FIRST_DAY + timedelta(days=draw(st.integers(0, 150)), hours=draw(st.integers(0, 23)))
        path = draw(_paths(deal, created))
        is_told = draw(st.integers(0, 4)) > 0
        if is_told:
            events += path
        pipeline = draw(st.sampled_from(("", "", "direct")))
        for table, day in zip(tables, EXTRACT_DAYS, strict=True):
            known = [event for event in path if event.at < day + timedelta(days=1)]
            if not known or draw(st.integers(0, 9)) == 0:
                continue
            table.append(
                {
                    **_state(known[-1]),
                    "created_at": f"{created:%Y-%m-%dT%H:%M:%SZ}",
                    "pipeline": draw(st.sampled_from((pipeline, pipeline, pipeline, "direct"))),
                    "arr": draw(st.sampled_from(("", "10", "1200"))),
                    "is_deleted": "true" if draw(st.integers(0, 19)) == 0 else "false",
                    "segment": draw(st.sampled_from(("SMB", "SMB", "Enterprise", ""))),
                }
            )
    # One deal is won each month, so that every month has a velocity, and each but the first a change of it.
    for month in (6, 7, 8, 9, 10):
        amount = draw(st.sampled_from(("100", "250.50", "9000")))
        won = [
            Event(f"W{month}", stage, at, amount, "2026-10-31", draw(st.sampled_from(OWNERS)))
            for stage, at in (("prospecting", FIRST_DAY), ("won", datetime(2026, month, 15, 10)))
        ]
        events += won
        for table in tables:
            table.append(
                {
                    **_state(won[-1]), "created_at": f"{FIRST_DAY:%Y-%m-%dT%H:%M:%SZ}", "pipeline": "", "arr": "500", "is_deleted": "false",
                    "segment": "SMB",
                }
            )  # fmt: skip
    # A whole table of nothing is refused; one deal is always there.
    for table in tables:
        anchor = Event("D0", "engagement", FIRST_DAY, "1", "2026-12-31", "u1")
        table.append(
            {
                **_state(anchor), "created_at": "2026-05-04T00:00:00Z", "pipeline": "", "arr": "1", "is_deleted": "false",
                "segment": "SMB",
            }
        )  # fmt: skip
    users = tuple(
        tuple(
            {"user_id": owner, "name": owner.upper(), "team": draw(st.sampled_from(("North", "South")))} for owner in OWNERS
        )
        for _ in EXTRACT_DAYS
    )
    return Histories(tuple(events), tuple(tuple(table) for table in tables), users)


@st.composite
def edited_histories(draw: st.DrawFn) -> Histories:
    """The same, but extracts show what the history does not tell: edits of amount, date and stage, and closes with dates of their own.

    On the days of extracts histories tell of more, at 10:00: that is before or after what the extract of that day shows.
    """
    company = draw(histories())
    deals = sorted({row["opportunity_id"] for table in company.deals for row in table})
    events = list(company.events)
    edits: dict[str, Row] = {}
    tables: list[tuple[Row, ...]] = []
    for table, day in zip(company.deals, EXTRACT_DAYS, strict=True):
        for deal in deals:
            if not draw(st.booleans()):
                continue
            edits[deal] = {
                **edits.get(deal, {}),
                **draw(
                    st.sampled_from(
                        (
                            {"amount": "77"},
                            {"amount": ""},
                            {"expected_close_on": "2026-12-24"},
                            *({"stage": stage, "closed_at": ""} for stage in STAGES[:4]),
                            {"stage": "won", "closed_at": f"{day - timedelta(days=draw(st.integers(0, 9))):%Y-%m-%d}"},
                            {"stage": "lost", "closed_at": ""},
                        )
                    )
                ),
            }
        tables.append(tuple({"closed_at": "", **row, **edits.get(row["opportunity_id"], {})} for row in table))
        told = [deal for deal in deals if any(event.deal == deal for event in events)]
        events += [
            Event(
                deal,
                draw(st.sampled_from(STAGES)),
                day + timedelta(hours=10),
                draw(st.sampled_from(("100", "77"))),
                "2026-12-24",
                "u1",
            )
            for deal in told
            if draw(st.booleans())
        ]
    return replace(company, events=tuple(events), deals=tuple(tables))


@st.composite
def _paths(draw: st.DrawFn, deal: str, created: datetime) -> list[Event]:
    """A deal's way from its creation on, in order, at most until the last extract."""
    at, amount, owner = created, "100", "u1"
    expected = created + timedelta(days=60)
    path: list[Event] = []
    for place in range(draw(st.integers(2, 7))):
        if place:
            at += timedelta(days=draw(st.sampled_from((0, 0, 1, 6, 13, 40))), hours=draw(st.sampled_from((0, 5))))
        amount = draw(st.sampled_from((amount, amount, "250.50", "9000", "")))
        expected += timedelta(days=draw(st.sampled_from((0, 0, 35, -20))))
        owner = draw(st.sampled_from((owner, owner, *OWNERS)))
        stage = STAGES[0] if place == 0 else draw(st.sampled_from(STAGES))
        if at < EXTRACT_DAYS[-1]:
            path.append(Event(deal, stage, at, amount, f"{expected:%Y-%m-%d}", owner))
    # Two at one instant follow each other in the order of their stages, whatever order they were made up in.
    return sorted(path, key=lambda event: (event.at, STAGES.index(event.stage)))


def _state(event: Event) -> Row:
    return {
        "opportunity_id": event.deal,
        "stage": event.stage,
        "amount": event.amount,
        "expected_close_on": event.expected_close,
        "owner_id": event.owner,
    }


def deliver(company: Histories, landing: Path, shuffled: random.Random | None = None) -> None:
    """Write the company's extracts; ``shuffled``: rows in any order, and the history cut into any files of any days since it happened."""
    for day, deals, users in zip(EXTRACT_DAYS, company.deals, company.users, strict=True):
        _write(landing, "opportunity", f"opportunity_{day:%Y-%m-%d}.csv", _ordered(deals, shuffled))
        _write(landing, "user", f"user_{day:%Y-%m-%d}.csv", _ordered(users, shuffled))
    if shuffled is None:
        _write(
            landing,
            "stage_history",
            f"stage_history_{EXTRACT_DAYS[-1]:%Y-%m-%d}.csv",
            [event.as_row() for event in company.events],
        )
        return
    parts: dict[tuple[datetime, int], list[Row]] = {}
    for event in _ordered(company.events, shuffled):
        # No extract tells of what comes after it: such a row would be set aside.
        days = [day for day in EXTRACT_DAYS if event.at < day + timedelta(days=1)] or [EXTRACT_DAYS[-1]]
        parts.setdefault((shuffled.choice(days), shuffled.randrange(3)), []).append(event.as_row())
    for (day, part), rows in parts.items():
        _write(landing, "stage_history", f"part{part}_stage_history_{day:%Y-%m-%d}.csv", rows)


def _ordered(rows: Sequence[Told], shuffled: random.Random | None) -> list[Told]:
    ordered = list(rows)
    if shuffled is not None:
        shuffled.shuffle(ordered)
    return ordered


def _write(landing: Path, object_name: str, name: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    path = landing / "generic" / object_name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    # A file that is still warm would be looked at twice.
    os.utime(path, (1_700_000_000, 1_700_000_000))


Stays = list[tuple[str, datetime]]


def stays_told_by(company: Histories, is_usable: Callable[[Event], bool]) -> dict[str, Stays]:
    """By deal, the stages that its history alone puts it in, one after the other, and when each began."""
    found: dict[str, Stays] = {}
    for event in sorted(company.events, key=lambda told: (told.deal, told.at, STAGES.index(told.stage))):
        if is_usable(event):
            stays = found.setdefault(event.deal, [])
            if not stays or stays[-1][0] != event.stage:
                stays.append((event.stage, event.at))
    return found
