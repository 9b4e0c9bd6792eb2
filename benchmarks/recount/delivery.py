"""Delivered files as rows of text, each with the day and moment of its extract.

Belongs here: names of files, CSV and JSON Lines, what is readable as a time or a number. Does not belong here: what a column means.
"""

from __future__ import annotations

import csv
import fnmatch
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

_DATE = re.compile(r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)(?:[T_-](\d\d)[-:]?(\d\d)(?:[-:]?(\d\d))?Z?)?(?!\d)")
_NOTHING = {"", "null", "none", "nan", "#n/a", "n/a", "(blank)", "-", "na", "nil", "\\n"}


# Sorts before every moment that is told.
BEFORE_ALL = datetime.fromisoformat("0001-01-01")


class Unreadable(ValueError):
    """A value that is there and says nothing: the row is set aside."""


@dataclass(frozen=True)
class Row:
    """One delivered record. Columns are known by their name in lower case without anything but letters and digits."""

    cells: dict[str, str]
    extracted_on: date
    extracted_at: datetime
    is_of_a_day: bool
    order: tuple[Any, ...]
    names: dict[str, str] = field(default_factory=dict)
    dates: str | None = None
    zone: ZoneInfo | None = None

    def text(self, *names: str) -> str | None:
        """The first of these columns that was delivered."""
        for name in names:
            found = self.cells.get(name)
            if found is not None:
                return found
        return None

    def has(self, *names: str) -> bool:
        return any(name in self.names for name in names)

    def is_from_the_future(self, moment_of: datetime | None) -> bool:
        """Nothing is made after the company's day of the extract that shows it."""
        if moment_of is None:
            return False
        return moment_of.replace(tzinfo=UTC).astimezone(self.zone or UTC).date() > self.extracted_on

    def moment(self, *names: str) -> datetime | None:
        found = self.text(*names)
        return None if found is None else moment(found, self.zone, self.dates)

    def day(self, *names: str) -> date | None:
        """A day is a day, whatever time stands beside it."""
        found = self.text(*names)
        if found is None:
            return None
        if self.dates:
            return moment(found, ZoneInfo("UTC"), self.dates).date()
        try:
            return date.fromisoformat(found[:10])
        except ValueError as error:
            raise Unreadable(found) from error

    def number(self, *names: str) -> Decimal | None:
        found = self.text(*names)
        if found is None:
            return None
        try:
            return Decimal(found)
        except InvalidOperation as error:
            raise Unreadable(found) from error

    def flag(self, *names: str) -> bool | None:
        found = self.text(*names)
        return None if found is None else found.lower() in {"true", "t", "1", "yes", "y"}


@dataclass
class Delivery:
    """All rows of each object, (system, object) → rows in the order of their extracts."""

    rows: dict[tuple[str, str], list[Row]]
    zone: ZoneInfo

    def of(self, system: str, name: str) -> list[Row]:
        return self.rows.get((system, name), [])

    def moments(self, system: str, name: str) -> list[tuple[datetime, date, bool]]:
        """When each extract of an object was made, of which day it is, and whether its file says no more than the day."""
        return sorted({(row.extracted_at, row.extracted_on, row.is_of_a_day) for row in self.of(system, name)})

    def extracts(self, system: str, name: str) -> list[datetime]:
        return sorted({row.extracted_at for row in self.of(system, name)})

    @property
    def as_of(self) -> date:
        return max(row.extracted_on for rows in self.rows.values() for row in rows)


def read(landing: Path, options: dict[str, dict[str, Any]], zone: ZoneInfo) -> Delivery:
    """Every file that a folder's place, or the config's patterns, give to an object."""
    patterns = {_label(name): option for name, option in options.items()}
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for path in sorted(each for each in landing.rglob("*") if each.is_file()):
        relative = path.relative_to(landing)
        for place, option in _takers(relative, patterns):
            found[place] += _rows(path, option, zone)
    for rows in found.values():
        rows.sort(key=lambda row: row.order)
    return Delivery(dict(found), zone)


def moment(text: str, zone: ZoneInfo | None, written: str | None = None) -> datetime:
    """A time as UTC without a zone. One that names no zone is UTC; a day alone begins at the company's midnight."""
    text = text.strip()
    try:
        if written:
            # Parts of a second are read whether or not the format asks for them.
            plain, _, part = text.partition(".") if "%f" not in written and "." not in written else (text, "", "")
            told = datetime.strptime(plain, written)  # noqa: DTZ007 - what is missing is added below
            told = told.replace(microsecond=int(part.ljust(6, "0")[:6]) if part else 0)
            if not any(mark in written for mark in ("%H", "%I")):
                return told.replace(tzinfo=zone or UTC).astimezone(UTC).replace(tzinfo=None)
        elif len(text) == 10:
            told = datetime.combine(date.fromisoformat(text), time())
            return told.replace(tzinfo=zone or UTC).astimezone(UTC).replace(tzinfo=None)
        else:
            told = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text))
    except ValueError as error:
        raise Unreadable(text) from error
    if not 1970 <= told.year < 2100:
        raise Unreadable(text)
    return told.astimezone(UTC).replace(tzinfo=None) if told.tzinfo else told


def newest(rows: Iterable[Row], key: Any, stamp: Any = None) -> dict[Any, Row]:
    """The newest readable row of each id: of the newest extract, there the one that changed last, there the last one."""
    found: dict[Any, tuple[Any, Row]] = {}
    for row in rows:
        name = key(row)
        rank = (row.extracted_at, (stamp(row) if stamp else None) or BEFORE_ALL, row.order)
        if name is not None and (name not in found or found[name][0] <= rank):
            found[name] = (rank, row)
    return {name: row for name, (_, row) in found.items()}


def judged(versions: list[Row], converted: Any) -> Row:
    """The last version from before a conversion; the first, where that came later. `converted` says when a version was."""
    since = converted(versions[-1])
    before = [row for row in versions if since is None or (converted(row) is None and row.extracted_at <= since)]
    before = before or [row for row in versions if converted(row) is None]
    return before[-1] if before else versions[0]


def by_id(rows: Iterable[Row], key: Any, stamp: Any = None) -> dict[Any, list[Row]]:
    """All versions of each id, the newest last."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        if key(row) is not None:
            found.setdefault(key(row), []).append(row)
    for versions in found.values():
        versions.sort(key=lambda row: (row.extracted_at, (stamp(row) if stamp else None) or BEFORE_ALL, row.order))
    return found


def readable(rows: Iterable[Row], check: Any) -> list[Row]:
    """Rows that `check` can read through; the others are set aside."""
    kept = []
    for row in rows:
        try:
            if check(row) is not False:
                kept.append(row)
        except Unreadable:
            continue
    return kept


def _takers(
    relative: Path, patterns: dict[tuple[str, str], dict[str, Any]]
) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    told = False
    for place, option in patterns.items():
        if option.get("files") and fnmatch.fnmatch(str(relative), option["files"]):
            told = True
            yield place, option
    if not told and len(relative.parts) == 3:
        place = (relative.parts[0], relative.parts[1])
        if not patterns.get(place, {}).get("files"):
            yield place, patterns.get(place, {})


def _label(name: str) -> tuple[str, str]:
    system, _, thing = name.rpartition(".")
    return system or "generic", thing


def _rows(path: Path, option: dict[str, Any], zone: ZoneInfo) -> list[Row]:
    named = _DATE.search(path.name)
    if named:
        year, month, day_of, hour, minute, second = named.groups()
        on = date(int(year), int(month), int(day_of))
    else:
        on, hour, minute, second = option["extracted_on"], None, None, None
    at = datetime.combine(on, time(int(hour or 0), int(minute or 0), int(second or 0)))
    # A time in a file's name is UTC; a day alone is the company's.
    at = at if hour else at.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    renamed: dict[str, list[str]] = {squash(theirs): [] for theirs in option.get("columns", {}).values()}
    for ours, theirs in option.get("columns", {}).items():
        renamed[squash(theirs)].append(squash(ours))
    found = []
    for number, record in enumerate(_records(path)):
        cells: dict[str, str] = {}
        names: dict[str, str] = {}
        for name, value in record.items():
            for known in renamed.get(squash(name), [squash(name)]):
                names[known] = name
                if value is not None and value.strip().lower() not in _NOTHING:
                    cells[known] = value.strip()
        found.append(Row(cells, on, at, not hour, (at, path.name, number), names, option.get("dates"), zone))
    return found


def squash(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return plain.removeprefix("property") if name.lower().startswith("property_") else plain


def _records(path: Path) -> Iterator[dict[str, str | None]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    if ".json" in path.name:
        for line in text.splitlines():
            if line.strip():
                yield {name: _plain(value) for name, value in json.loads(line).items()}
        return
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    for fields in reader:
        # A line of another width cannot be read by its columns: quarantine.
        if len(fields) == len(header):
            yield dict(zip(header, fields, strict=True))


def _plain(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
