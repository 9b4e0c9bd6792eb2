"""What was counted beside what was published: cells compared, cells that differ, and a few of their keys.

Belongs here: reading the published database and comparing. Does not belong here: counting.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

Row = Mapping[str, Any]


@dataclass
class Compared:
    """The outcome of one table."""

    table: str
    cells: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    not_counted: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.cells.values())

    @property
    def wrong(self) -> int:
        return sum(self.differing.values())

    def add(self, column: str, key: Any, published: Any, counted: Any, agrees: bool) -> None:
        self.cells[column] += 1
        if not agrees:
            self.differing[column] += 1
            if len(self.examples[column]) < EXAMPLES:
                self.examples[column].append(f"{_said(key)}: published {_said(published)}, counted {_said(counted)}")


EXAMPLES = 3


def published_rows(home: Path, table: str, where: str = "") -> list[dict[str, Any]]:
    """The rows of one published table, by column name; nothing where there is no such table."""
    with duckdb.connect(str(home / "published" / "funnelcast.duckdb"), read_only=True) as connection:
        try:
            cursor = connection.execute(f"select * from marts.{table} {where}")
        except duckdb.CatalogException:
            return []
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def compare(
    table: str,
    published: Iterable[Row],
    counted: Iterable[Row],
    keys: tuple[str, ...],
    slack: Mapping[str, float] | None = None,
    only_published: bool = False,
    answered: tuple[str, ...] = (),
) -> Compared:
    """Cell by cell. A row that only one side has differs in its key, once."""
    outcome = Compared(table)
    ours = {tuple(row[key] for key in keys): row for row in counted}
    theirs = {tuple(row[key] for key in keys): row for row in published}
    if only_published:
        ours = {key: row for key, row in ours.items() if key in theirs}
    for key in theirs.keys() | ours.keys():
        if key in ours and key in theirs:
            outcome.cells["(row)"] += 1
        else:
            outcome.add("(row)", key, "there" if key in theirs else "no row", "there" if key in ours else "no row", False)
    columns = set(next(iter(ours.values()), {})) - set(keys)
    there = set(next(iter(theirs.values()), {}))
    outcome.not_counted = sorted(there - columns - set(keys)) if ours and theirs else []
    for key, row in ours.items():
        if key in theirs:
            for column in sorted((set(row) - set(keys)) & there):
                said, counted_value = theirs[key][column], row[column]
                if said is None and column in answered:
                    continue
                outcome.add(column, key, said, counted_value, agrees(said, counted_value, (slack or {}).get(column, 0)))
    return outcome


def agrees(published: Any, counted: Any, slack: float = 0) -> bool:
    """Decimals to half of their last digit, floats to half of the sixth, texts and days exactly, JSON by what it says."""
    if published is None or counted is None:
        return published is None and counted is None
    if isinstance(published, bool) or isinstance(counted, bool):
        return bool(published) == bool(counted)
    if isinstance(published, Decimal):
        unit = Decimal(1).scaleb(int(published.as_tuple().exponent))
        # What is estimated has the fifteen digits of a double.
        digits = abs(Decimal(counted)) * Decimal("1e-14") if isinstance(counted, float) else Decimal(0)
        return abs(published - Decimal(counted)) <= unit * Decimal("0.5001") + Decimal(str(slack)) + digits
    if isinstance(published, float) or isinstance(counted, float | Decimal):
        return math.isclose(float(published), float(counted), rel_tol=1e-9, abs_tol=5.1e-7 + slack)
    if isinstance(published, str) and published.startswith("{"):
        return bool(json.loads(published) == json.loads(counted))
    if isinstance(published, datetime) and isinstance(counted, datetime):
        return published == counted.replace(microsecond=counted.microsecond)
    return bool(published == counted)


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return " / ".join(_said(each) for each in value)
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return "null" if value is None else str(value)
