"""Assumption: that extracts have stopped is told by name and day, though no number follows the clock (FAULTS 37).

Belongs here: what is overdue on a day. Does not belong here: the whole status of a home (tests/integration/test_quarantine_repair.py).
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ingestion.store import StoredFile
from publishing.status import overdue


def _file(name: str, day: int) -> StoredFile:
    extracted_on = date(2026, 11, day)
    return StoredFile(
        system="generic",
        object=name,
        file=f"{name}_{extracted_on}.csv",
        sha256=f"{name}{day}",
        extracted_on=extracted_on,
        extracted_at=datetime(2026, 11, day),
        sequence=day,
        format="csv",
        columns=(),
        rows_delivered=1,
        rows_loaded=1,
        rows_quarantined=0,
    )


# Deals come every day, accounts every second one, at times every third; users came three times, which says nothing.
DELIVERED = [
    *(_file("opportunity", day) for day in (1, 2, 3, 4, 5)),
    *(_file("account", day) for day in (1, 3, 6, 8)),
    *(_file("user", day) for day in (1, 2, 3)),
]


@pytest.mark.parametrize(
    ("today", "late"),
    [
        # Those of the 6th may come on the 7th.
        (7, []),
        (8, [("opportunity", "2026-11-06", "2026-11-05", 3)]),
        (12, [("opportunity", "2026-11-06", "2026-11-05", 7)]),
        (13, [("opportunity", "2026-11-06", "2026-11-05", 8), ("account", "2026-11-11", "2026-11-08", 5)]),
    ],
)
def test_what_should_have_come_is_named_with_its_day(today: int, late: list[tuple[str, str, str, int]]) -> None:
    found = overdue(DELIVERED, date(2026, 11, today))
    assert [(row["object"], row["expected_by"], row["newest_extract"], row["days_ago"]) for row in found] == late
