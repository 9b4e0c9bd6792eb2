"""What every system's files are brought to: deals with their versions and history, people, leads, accounts, what was done.

Belongs here: the shapes. Does not belong here: how a system writes them (salesforce.py, hubspot.py, generic.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from benchmarks.recount.company import Stage

UNKNOWN: Any = object()  # a field that the source does not keep


@dataclass(frozen=True)
class Told:
    """A row of a history, or a deal as an extract showed it. A field that the source does not tell is UNKNOWN."""

    at: datetime
    stage: Stage
    amount: Any = UNKNOWN
    expected: Any = UNKNOWN
    owner: Any = UNKNOWN
    category: Any = UNKNOWN
    order: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Version:
    """A deal in one extract."""

    at: datetime
    on: date
    is_of_a_day: bool
    told: Told
    close: datetime | None = None
    updated: datetime | None = None
    is_deleted: bool = False


def told_again(versions: list[Version], extracts: list[tuple[datetime, date, bool]]) -> list[Version]:
    """An extract that does not tell a deal anew shows it as it was told last."""
    found = list(versions)
    for at, on, is_of_a_day in extracts:
        known = [version for version in versions if version.at <= at]
        if known and known[-1].at < at:
            found.append(replace(known[-1], at=at, on=on, is_of_a_day=is_of_a_day))
    return sorted(found, key=lambda version: version.at)


@dataclass
class Deal:
    """An opportunity as it was delivered."""

    system: str
    id: str
    created: datetime | None
    versions: list[Version]
    history: list[Told]
    deleted_at: datetime | None
    name: str | None = None
    account: str | None = None
    owner: str | None = None
    lead: str | None = None
    product: str | None = None
    source: str | None = None
    source_from: str | None = None
    segment: str | None = None
    currency: str | None = None
    category: str | None = None
    lost_reason: str | None = None
    kind: str | None = None
    probability: float | None = None
    next_step: str | None = None
    extra: dict[str, str | None] = field(default_factory=dict)
    entry: Stage | None = None
    # Whether the first expected close that an extract shows stands for the time before, where no history tells it.
    is_expected_taken_back: bool = True


@dataclass
class Person:
    """A user over the extracts: (from when, values)."""

    system: str
    id: str
    name: str | None
    email: str | None
    teams: list[tuple[date, str | None]]
    pods: list[tuple[date, str | None]]
    role: str | None = None
    manager: str | None = None
    is_active: bool | None = None
    started: date | None = None
    ended: date | None = None


@dataclass
class Lead:
    system: str
    id: str
    created: datetime
    email: str | None = None
    owner: str | None = None
    source: str | None = None
    account: str | None = None
    deal: str | None = None
    qualified: datetime | None = None
    converted: datetime | None = None
    tells_qualified: bool = False
    is_deleted: bool = False
    merged_into: str | None = None
    contact: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    # What it was delivered with in the last version from before its conversion; in its first, where that came later.
    before_conversion: dict[str, Any] = field(default_factory=dict)


@dataclass
class Account:
    system: str
    id: str
    values: dict[str, Any]
    is_deleted: bool = False


@dataclass(frozen=True)
class Activity:
    """Something that was done (or planned): call, meeting, email, task."""

    system: str
    id: str
    kind: str
    owner: str | None
    on: date
    booked_on: date | None
    is_held: bool = True
    deal: str | None = None
    lead: str | None = None


@dataclass(frozen=True)
class Mail:
    """One event of one message."""

    system: str
    id: str
    kind: str
    at: datetime
    message: str | None
    owner: str | None
    sender: str | None
    recipient: str | None
    is_machine: bool = False


@dataclass
class Records:
    """All that a system delivered."""

    deals: list[Deal] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    contacts: list[Lead] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
    rates: list[tuple[str, date, Decimal]] = field(default_factory=list)
