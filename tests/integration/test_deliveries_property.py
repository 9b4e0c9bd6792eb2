"""Promises P1, P4 and P5 of FAULTS.md, over generated deliveries: however the nights went, the tables are those of the clean input.

Guards landing (repeats, corrections, parts, names), the raw views and staging's dispositions, and every rule that takes "the newest".
A small company of full extracts, histories and events is delivered once in order, and once as it comes in life: files late, early,
twice, under other names, wrong at first, in parts, with other column names, gzipped; in any order, over several nights.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from compiled_models import built, compiled_project, digests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import settings_for

pytestmark = pytest.mark.long

Row = dict[str, str]

FIRST_DAY = date(2026, 11, 2)
DAYS = 4
NIGHTS = 3
STAGES = ("prospecting", "qualification", "engagement", "closing", "won", "lost")
# Each example is three to six builds of about a second.
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Extract:
    """What one object's extract of one day says."""

    object: str
    day: date
    rows: tuple[tuple[tuple[str, str], ...], ...]

    def as_rows(self) -> list[Row]:
        return [dict(row) for row in self.rows]


@dataclass(frozen=True)
class Delivery:
    """One file as it arrives: below `generic/<object>/`."""

    object: str
    name: str
    content: bytes


@dataclass
class Home:
    """A landing folder and a home; each build is a night without its gate."""

    folder: Path
    clock: int = 1_700_000_000

    def deliver(self, delivery: Delivery) -> None:
        path = self.folder / "landing" / "generic" / delivery.object / delivery.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(delivery.content)
        # A file that is still warm would be looked at twice; and each delivery is a change.
        self.clock += 60
        os.utime(path, (self.clock, self.clock))

    def night(self, as_of: date | None = None, is_last: bool = True) -> tuple[dict[str, str], int]:
        """The digests of the marts, and how many files were new; of a night before the last, only that every row is accounted for."""
        chosen = settings_for(self.folder / "home", self.folder / "landing", as_of=as_of)
        marts = compiled_project().marts() if is_last else []
        with built(chosen, [*marts, "int_row_accounting"]) as (connection, landing):
            assert not landing.refused, landing.refused
            _assert_every_row_is_accounted_for(connection)
            return digests(connection, marts), landing.new_files


@st.composite
def companies(draw: st.DrawFn) -> list[Extract]:
    """Some days of a company: whole tables of deals and users each day, histories and calls of some of them as events."""
    extracts: list[Extract] = []
    deals = [f"D{number}" for number in range(1, draw(st.integers(2, 4)) + 1)]
    stage = dict.fromkeys(deals, 0)
    history: list[Row] = []
    calls = 0
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        rows: list[Row] = []
        events: list[Row] = []
        for deal in deals:
            moved = draw(st.integers(0, 2)) and draw(st.integers(0, len(STAGES) - 1))
            if moved:
                stage[deal] = moved
                # Only odd deals have a history of their own: of the others the extracts tell.
                if deal in ("D1", "D3"):
                    entered = f"{day}T{draw(st.integers(8, 17)):02}:00:00Z"
                    events.append({"opportunity_id": deal, "stage": STAGES[moved], "entered_at": entered})
            if draw(st.integers(0, 5)):
                amount = draw(st.sampled_from(("", "100", "250.50", "9000")))
                owner = draw(st.sampled_from(("u1", "u2")))
                now = {"opportunity_id": deal, "stage": STAGES[stage[deal]], "amount": amount, "owner_id": owner}
                rows.append({**now, "created_at": "2026-10-20", "pipeline": draw(st.sampled_from(("", "direct")))})
            for _ in range(draw(st.integers(0, 1))):
                calls += 1
                call = {"activity_id": f"A{calls}", "type": "call", "occurred_at": f"{day}T10:00:00Z"}
                extracts.append(_extract("activity", day, [{**call, "user_id": "u1", "opportunity_id": deal}]))
        # A whole table of nothing is refused; one deal is always there.
        rows = [row for row in rows if row["opportunity_id"] != "D0"]
        anchor = {"opportunity_id": "D0", "stage": "engagement", "amount": "1", "owner_id": "u1"}
        rows.append({**anchor, "created_at": "2026-10-20", "pipeline": "direct"})
        team = draw(st.sampled_from(("North", "South")))
        extracts.append(_extract("opportunity", day, rows))
        extracts.append(
            _extract(
                "user",
                day,
                [{"user_id": "u1", "name": "One", "team": team}, {"user_id": "u2", "name": "Two", "team": "East"}],
            )
        )
        history += events
        if events:
            extracts.append(_extract("stage_history", day, events))
    return _one_per_object_and_day(extracts)


@st.composite
def lives(draw: st.DrawFn, company: list[Extract]) -> list[list[Delivery]]:
    """The nights in which the company's files come: each says in the end what the clean one says, but seldom at once.

    What happens to one file happens in nights of its own, in order; of different files any may come first.
    """
    nights: list[list[Delivery]] = [[] for _ in range(NIGHTS)]

    def come(*deliveries: Delivery) -> None:
        chosen = draw(st.sets(st.integers(0, NIGHTS - 1), min_size=len(deliveries), max_size=len(deliveries)))
        for night, delivery in zip(sorted(chosen), deliveries, strict=True):
            nights[night].append(delivery)

    for number, extract in enumerate(company):
        files = _parts(draw, extract, number)
        first = files[0]
        wrong = Delivery(extract.object, first.name, _written(_spoilt(extract), first.name, 0))
        twin = Delivery(extract.object, f"again_{number}_{first.name}", first.content)
        fate = (
            draw(st.sampled_from(("plain", "corrected", "taken back", "twin", "corrected twin")))
            if len(files) == 1
            else "plain"
        )
        if fate == "corrected":
            come(wrong, first)
        elif fate == "taken back":
            come(first, wrong, first)
        elif fate == "twin":
            come(first)
            come(twin)
        elif fate == "corrected twin":
            come(twin)
            come(wrong, first)
        else:
            for file in files:
                come(file)
    return nights


@FEW
@given(st.data())
def test_p4_however_it_was_delivered_the_tables_are_those_of_the_clean_input(data: st.DataObject) -> None:
    company = data.draw(companies())
    nights = data.draw(lives(company))
    with TemporaryDirectory() as folder:
        clean, real = Home(Path(folder) / "clean"), Home(Path(folder) / "real")
        for extract in company:
            clean.deliver(_plain(extract))
        expected, _ = clean.night()
        for night in nights:
            for delivery in night:
                real.deliver(delivery)
            if night:
                real.night(is_last=False)
        # The same landing once more, without what only saves time: nothing is new.
        (real.folder / "home" / "build" / "landing_index.json").unlink()
        found, new_files = real.night()
        assert new_files == 0
        assert _differing(found, expected) == []
        # P5: without the landing's files, raw alone says the same.
        for path in (real.folder / "landing" / "generic").rglob("*.*"):
            path.unlink()
        rebuilt, _ = real.night()
        assert _differing(rebuilt, expected) == []


@FEW
@given(st.data())
def test_known_then_is_what_was_delivered_by_then(data: st.DataObject) -> None:
    """The tables as of a past day, told by all that is known today, are those that could be told on that day."""
    company = data.draw(companies())
    day = FIRST_DAY + timedelta(days=data.draw(st.integers(0, DAYS - 2)))
    with TemporaryDirectory() as folder:
        then, today = Home(Path(folder) / "then"), Home(Path(folder) / "today")
        for extract in company:
            today.deliver(_plain(extract))
            if extract.day <= day:
                then.deliver(_plain(extract))
        expected, _ = then.night()
        today.night(is_last=False)
        found, _ = today.night(as_of=day)
        assert _differing(found, expected) == []


def _assert_every_row_is_accounted_for(connection: duckdb.DuckDBPyConnection) -> None:
    """P1: of each file, rows delivered are loaded or quarantined; of each object, raw rows are loaded, duplicates or set aside."""
    lost = connection.execute(
        "select file from accounting.delivered_file where rows_delivered <> rows_loaded + rows_quarantined"
    ).fetchall()
    assert lost == []
    loaded = (
        "select system, object, sum(rows_loaded) from accounting.delivered_file where rows_loaded is not null group by all"
    )
    staged = "select system, object, sum(rows_loaded + rows_duplicate + rows_set_aside) from intermediate.int_row_accounting group by all"
    assert sorted(connection.execute(loaded).fetchall()) == sorted(connection.execute(staged).fetchall())


def _differing(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    return sorted(name for name in expected if found[name] != expected[name])


def _extract(object_name: str, day: date, rows: Sequence[Row]) -> Extract:
    return Extract(object_name, day, tuple(tuple(row.items()) for row in rows))


def _one_per_object_and_day(extracts: Sequence[Extract]) -> list[Extract]:
    merged: dict[tuple[str, date], Extract] = {}
    for extract in extracts:
        key = (extract.object, extract.day)
        before = merged[key].rows if key in merged else ()
        merged[key] = Extract(extract.object, extract.day, before + extract.rows)
    return list(merged.values())


def _plain(extract: Extract) -> Delivery:
    name = f"{extract.object}_{extract.day}.csv"
    return Delivery(extract.object, name, _written(extract.as_rows(), name, 0))


def _parts(draw: st.DrawFn, extract: Extract, number: int) -> list[Delivery]:
    """The extract as one file or two, under a name and with column names of its own."""
    rows = extract.as_rows()
    suffix = draw(st.sampled_from((".csv", ".csv.gz")))
    style = draw(st.integers(0, 2))
    stem = draw(st.sampled_from((f"{extract.object}_{extract.day}", f"export-{extract.day:%Y%m%d}-{extract.object}")))
    if len(rows) < 2 or draw(st.booleans()):
        name = f"{stem}{suffix}"
        return [Delivery(extract.object, name, _written(rows, name, style))]
    cut = draw(st.integers(1, len(rows) - 1))
    names = [f"part{place}_{stem}{suffix}" for place in (1, 2)]
    return [
        Delivery(extract.object, name, _written(part, name, style))
        for name, part in zip(names, (rows[:cut], rows[cut:]), strict=True)
    ]


def _spoilt(extract: Extract) -> list[Row]:
    """Wrong in its values, and in having a row too many; events have no id to correct, so the row is one of rubbish."""
    rows = extract.as_rows()
    spoilt = [
        {
            **rows[0],
            **({"stage": "lost"} if "stage" in rows[0] else {"name": "Wrong"} if "name" in rows[0] else {"type": "meeting"}),
        }
    ]
    return [*spoilt, *rows[1:], dict.fromkeys(rows[0], "X")]


def _written(rows: Sequence[Row], name: str, style: int) -> bytes:
    """As CSV: plain, or with other column names, or with the columns in another order and a semicolon between them."""
    columns = list(rows[0])
    header = [
        column if style == 0 else column.replace("_", " ").title() if style == 1 else f"property_{column}"
        for column in columns
    ]
    order = range(len(columns)) if style != 2 else reversed(range(len(columns)))
    places = list(order)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if style == 2 else ",")
    writer.writerow([header[place] for place in places])
    writer.writerows([[list(row.values())[place] for place in places] for row in rows])
    content = text.getvalue().encode()
    return gzip.compress(content, mtime=0) if name.endswith(".gz") else content
