"""Dirty rows, few and counted: what each one is, where it lies, and what must become of it.

Rows that must be set aside or quarantined are extra ones ("Test" leads and the like) or rows of opportunities
that come again, clean, in a later delta: what is loaded in the end is what truly happened. Never more than
0.3 % of an object's rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from simulator import identifiers as ids
from simulator.deals import Value
from simulator.draws import Draws

if TYPE_CHECKING:
    from simulator.extracts import Extract

SET_ASIDE, QUARANTINED, DUPLICATE, REPEATED_FILE, ACCEPTED = (
    "set_aside",
    "quarantined",
    "duplicate",
    "repeat",
    "accepted",
)
_SHARE = 0.003
_STRANGER = 60_000  # a user who is in no user extract
_EXTRA = 4_000_000  # numbers of records that never truly were


@dataclass(frozen=True)
class Spot:
    """Some rows of one file with one kind of dirt. `expected` is what must become of them."""

    object: str
    file: str
    kind: str
    rows: int
    expected: str
    column: str | None
    values: tuple[str, ...]
    record_ids: tuple[str, ...]
    why: str


def soil(extracts: list[Extract], seed: int) -> list[Spot]:
    """Make some rows dirty, in place, and one file a repeat of another. Returns what was done."""
    return _Soiler(extracts, seed).run()


class _Soiler:
    def __init__(self, extracts: list[Extract], seed: int) -> None:
        self._extracts = extracts
        self._draws = Draws(seed, "dirt")
        self._by_object: dict[str, list[Extract]] = {}
        for extract in extracts:
            self._by_object.setdefault(extract.table.name, []).append(extract)
        self._budget = {name: int(_SHARE * len(found[0].rows)) for name, found in self._by_object.items()}
        self._extra = _EXTRA
        self._spots: list[Spot] = []

    def run(self) -> list[Spot]:
        self._opportunities()
        self._leads()
        self._contacts()
        self._tasks()
        self._events()
        self._email_events()
        self._repeat_rows("opportunity_history", 3)
        self._repeat_file("opportunity_history")
        return self._spots

    def _opportunities(self) -> None:
        """An export gone wrong on the first night; the same deals come again, clean, in a later delta."""
        name = "opportunity"
        again = {str(row[0]) for extract in self._by_object[name][1:] for row in extract.rows}
        rows = self._by_object[name][0].rows
        columns = self._columns(name)
        amount, close = columns.index("Amount"), columns.index("CloseDate")
        open_again = [row for row in rows if row[0] in again and row[amount] is not None]
        chosen = self._pick(name, open_again, 4)
        half = len(chosen) // 2

        def negate(row: list[Value]) -> Value:
            value = row[amount]
            assert isinstance(value, float)
            return -value

        corrected = "; the same deal comes again, clean, in a later delta"
        self._change(
            name,
            chosen[:half],
            "Amount",
            negate,
            "negative amount",
            SET_ASIDE,
            "an amount below zero" + corrected,
        )
        unreadable = iter(("2026-11-31", "TBD"))
        bad = [(row, next(unreadable)) for row in chosen[half:]]
        for row, text in bad:
            row[close] = text
        self._note(name, 0, "unreadable date", bad_rows(bad), SET_ASIDE, "CloseDate", "no such day" + corrected)
        known = [row for row in rows if row not in chosen]
        short = self._pick(name, known, 2)
        self._shorten(name, short, "AccountId")

    def _leads(self) -> None:
        columns = self._columns("lead")
        texts = ("14.03.2026 09:12", "2026-02-30T08:00:00.000Z", "n/a", "########")
        made = []
        for text in texts[: self._spend("lead", 4)]:
            row = self._test_lead(columns)
            row[columns.index("CreatedDate")] = text
            self._insert("lead", row)
            made.append((row, text))
        self._note(
            "lead",
            0,
            "unreadable date",
            bad_rows(made),
            SET_ASIDE,
            "CreatedDate",
            "a test lead whose date cannot be read",
        )
        long = []
        for _ in range(self._spend("lead", 2)):
            row = self._test_lead(columns)
            title = columns.index("Title")
            row[title : title + 1] = ["VP", " Sales"]
            self._insert("lead", row)
            long.append((row, ""))
        self._note(
            "lead",
            0,
            "too many fields",
            bad_rows(long),
            QUARANTINED,
            None,
            "a title's comma split the field in two",
        )

    def _test_lead(self, columns: tuple[str, ...]) -> list[Value]:
        self._extra += 1
        row = list(self._draws.pick(self._by_object["lead"][0].rows)[: len(columns)])
        changed: dict[str, Value] = {
            "Id": ids.salesforce_id(ids.LEAD, self._extra),
            "FirstName": "Test",
            "LastName": "Lead",
            "Name": "Test Lead",
            "Email": "test@fernhollow.example",
            "Company": "Test",
            "Status": "New",
            "IsConverted": False,
            "ConvertedDate": None,
            "ConvertedOpportunityId": None,
            "ConvertedAccountId": None,
            "ConvertedContactId": None,
        }
        for column, value in changed.items():
            row[columns.index(column)] = value
        return row

    def _contacts(self) -> None:
        columns = self._columns("contact")
        long = []
        for _ in range(self._spend("contact", 1)):
            self._extra += 1
            row = list(self._draws.pick(self._by_object["contact"][0].rows))
            row[0] = ids.salesforce_id(ids.CONTACT, self._extra)
            row.insert(columns.index("Title") + 1, "EMEA")
            self._insert("contact", row)
            long.append((row, ""))
        self._note(
            "contact",
            0,
            "too many fields",
            bad_rows(long),
            QUARANTINED,
            None,
            "a title's comma split the field in two",
        )
        self._repeat_rows("contact", 2)

    def _tasks(self) -> None:
        name = "task"
        columns = self._columns(name)
        owner, what = columns.index("OwnerId"), columns.index("WhatId")
        rows = self._by_object[name][0].rows
        strangers = self._pick(name, rows, 6)
        gone = ids.salesforce_id(ids.USER, _STRANGER)
        self._change(
            name,
            strangers,
            "OwnerId",
            lambda row: gone,
            "unknown owner",
            ACCEPTED,
            "a user who is in no user extract",
        )
        others = [row for row in rows if row[owner] != gone]
        self._shorten(name, self._pick(name, others, 12), "OwnerId")
        with_deal = [row for row in others if row[what] is not None and len(str(row[owner])) == 18]
        self._shorten(name, self._pick(name, with_deal, 8), "WhatId")
        due = columns.index("ActivityDate")
        made = []
        for text in ("2025-02-30", "0000-00-00", "tomorrow")[: self._spend(name, 3)]:
            self._extra += 1
            row = list(self._draws.pick(rows))
            row[0], row[due] = ids.salesforce_id(ids.TASK, self._extra), text
            self._insert(name, row)
            made.append((row, text))
        self._note(
            name,
            0,
            "unreadable date",
            bad_rows(made),
            SET_ASIDE,
            "ActivityDate",
            "a task for a day that does not exist",
        )
        self._repeat_rows(name, 4)

    def _events(self) -> None:
        """A meeting created in a year's time, by a laptop with a wrong clock, in one of the deltas."""
        name = "event"
        place = min(4, len(self._by_object[name]) - 1)
        if place == 0 or not self._spend(name, 1):
            return
        columns = self._columns(name)
        extract = self._by_object[name][place]
        self._extra += 1
        row = list(self._draws.pick(extract.rows))
        row[0] = ids.salesforce_id(ids.EVENT, self._extra)
        later = date(extract.day.year + 1, extract.day.month, extract.day.day)
        text = f"{later.isoformat()}T15:00:00.000Z"
        row[columns.index("CreatedDate")] = text
        self._insert(name, row, place)
        self._note(
            name,
            place,
            "created in the future",
            bad_rows([(row, text)]),
            SET_ASIDE,
            "CreatedDate",
            "created after its own extract",
        )

    def _email_events(self) -> None:
        name = "email_event"
        columns = self._columns(name)
        made = []
        for number in range(self._spend(name, 3)):
            row = list(self._draws.pick(self._by_object[name][0].rows))
            row[0] = f"evt_9{number:07d}"
            row[columns.index("event_type")] = "out_of_office"
            self._insert(name, row)
            made.append((row, "out_of_office"))
        self._note(
            name,
            0,
            "unknown event type",
            bad_rows(made),
            SET_ASIDE,
            "event_type",
            "a type that is not in the contract",
        )
        self._repeat_rows(name, 5)

    def _repeat_rows(self, name: str, count: int) -> None:
        """The same row twice in a file, as when an export's page is read twice."""
        extract = self._by_object[name][0]
        width = len(extract.table.columns)
        marked = {record_id for spot in self._spots for record_id in spot.record_ids}
        clean = [row for row in extract.rows if len(row) == width and str(row[0]) not in marked]
        chosen = self._pick(name, clean, count)
        for row in chosen:
            extract.rows.insert(extract.rows.index(row) + 1, list(row))
        self._note(
            name,
            0,
            "repeated row",
            [(str(row[0]), "") for row in chosen],
            DUPLICATE,
            None,
            "identical to the row before it",
        )

    def _repeat_file(self, name: str) -> None:
        """One night's file delivered again, the same bytes under another name."""
        if len(self._by_object[name]) < 5:
            return
        original = self._by_object[name][4]
        copy = replace(original, suffix="_copy")
        self._extracts.insert(self._extracts.index(original) + 1, copy)
        self._spots.append(
            Spot(
                f"{copy.table.system}/{name}",
                copy.file_name,
                "repeated file",
                len(copy.rows),
                REPEATED_FILE,
                None,
                (),
                (),
                f"the same bytes as {original.file_name}",
            )
        )

    def _columns(self, name: str) -> tuple[str, ...]:
        return self._by_object[name][0].table.columns

    def _spend(self, name: str, wanted: int) -> int:
        """How many of the wanted rows the object's share of dirt still allows."""
        allowed = min(wanted, self._budget.get(name, 0))
        self._budget[name] = self._budget.get(name, 0) - allowed
        return allowed

    def _pick(self, name: str, rows: list[list[Value]], wanted: int) -> list[list[Value]]:
        """Different rows, as many as wanted and allowed."""
        count = self._spend(name, min(wanted, len(rows)))
        chosen: dict[int, list[Value]] = {}
        while len(chosen) < count:
            place = self._draws.between(0, len(rows) - 1)
            chosen.setdefault(place, rows[place])
        return [chosen[place] for place in sorted(chosen)]

    def _insert(self, name: str, row: list[Value], place: int = 0) -> None:
        rows = self._by_object[name][place].rows
        rows.insert(self._draws.between(1, len(rows)), row)

    def _change(
        self,
        name: str,
        rows: list[list[Value]],
        column: str,
        change: Callable[[list[Value]], Value],
        kind: str,
        expected: str,
        why: str,
    ) -> None:
        place = self._columns(name).index(column)
        for row in rows:
            row[place] = change(row)
        self._note(name, 0, kind, [(str(row[0]), str(row[place])) for row in rows], expected, column, why)

    def _shorten(self, name: str, rows: list[list[Value]], column: str) -> None:
        place = self._columns(name).index(column)
        self._change(
            name,
            rows,
            column,
            lambda row: ids.short_id(str(row[place])),
            "15-character id",
            ACCEPTED,
            "the same record as its 18-character form",
        )

    def _note(
        self,
        name: str,
        place: int,
        kind: str,
        rows: list[tuple[str, str]],
        expected: str,
        column: str | None,
        why: str,
    ) -> None:
        if rows:
            extract = self._by_object[name][place]
            found = tuple(value for _, value in rows if value)
            record_ids = tuple(record_id for record_id, _ in rows)
            object_name = f"{extract.table.system}/{name}"
            self._spots.append(
                Spot(
                    object_name,
                    extract.file_name,
                    kind,
                    len(rows),
                    expected,
                    column,
                    found,
                    record_ids,
                    why,
                )
            )


def bad_rows(rows: list[tuple[list[Value], str]]) -> list[tuple[str, str]]:
    """The ids of rows with the text that is wrong in them."""
    return [(str(row[0]), text) for row, text in rows]
