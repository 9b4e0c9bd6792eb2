"""Assumption: whatever the CRM's administrator does to the columns of an export is reported by name, and by the raw store alone.

FAULTS 12, 13, 15, 16. Without it a renamed field would be an empty column in every table, and nobody would know since when.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings, load_settings
from ingestion.build_database import make_build_database
from ingestion.land import land
from ingestion.landing import DeliveredObject, delivered_objects
from ingestion.schema_drift import kinds_of_columns, schema_changes
from ingestion.store import StoredFile

FIRST = "opportunity_2026-11-01.csv"
SECOND = "opportunity_2026-11-02.csv"


def opportunities(process: SalesProcess | None = None) -> DeliveredObject:
    (target,) = [found for found in delivered_objects(process or SalesProcess()) if found.label == "generic.opportunity"]
    return target


def stored(
    file: str, columns: str, kinds: str = "", written_as: str = "csv", rows: int = 500, day: int | None = None
) -> StoredFile:
    number = day or int(file[-6:-4])
    return StoredFile(
        system="generic",
        object="opportunity",
        file=f"generic/opportunity/{file}",
        sha256=file + columns,
        extracted_on=date(2026, 11, number),
        extracted_at=datetime(2026, 11, number),
        sequence=number,
        format=written_as,
        columns=tuple(columns.split("|")),
        rows_delivered=rows,
        rows_loaded=rows,
        rows_quarantined=0,
        kinds=tuple(kinds.split("|")) if kinds else ("text",) * len(columns.split("|")),
    )


def told(*files: StoredFile, target: DeliveredObject | None = None) -> list[tuple[str | None, str, str | None]]:
    return [
        (change.column, change.change, change.declared_as) for change in schema_changes(files, target or opportunities())
    ]


def test_the_first_delivery_and_an_equal_one_change_nothing() -> None:
    assert told(stored(FIRST, "opportunity_id|stage"), stored(SECOND, "opportunity_id|stage")) == []


def test_added_removed_renamed_and_reordered_columns_are_told_apart() -> None:
    before = stored(FIRST, "Opportunity ID|Stage|Amount|Region|Colour")
    now = stored(SECOND, "opportunity_id|stage|region|Tier|Amount")
    assert told(before, now) == [
        ("opportunity_id", "renamed", "opportunity_id"),
        ("stage", "renamed", "stage"),
        ("region", "renamed", None),
        ("Colour", "removed", None),
        ("Tier", "added", None),
        (None, "reordered", None),
    ]


def test_a_removed_column_says_whether_the_tables_use_it() -> None:
    changes = schema_changes(
        [stored(FIRST, "opportunity_id|stage|amount"), stored(SECOND, "opportunity_id")], opportunities()
    )
    assert [(change.column, change.is_required, change.is_newest) for change in changes] == [
        ("stage", True, True),
        ("amount", False, True),
    ]


def test_a_column_that_the_config_maps_is_renamed() -> None:
    process = SalesProcess.model_validate({"objects": {"opportunity": {"columns": {"stage": "Deal Phase"}}}})
    files = (stored(FIRST, "opportunity_id|stage"), stored(SECOND, "opportunity_id|Deal Phase"))
    assert told(*files, target=opportunities(process)) == [("Deal Phase", "renamed", "stage")]


@pytest.mark.parametrize(("before", "now"), [("number", "text"), ("time", "date in another form"), ("flag", "number")])
def test_values_of_another_kind_are_told(before: str, now: str) -> None:
    files = (
        stored(FIRST, "opportunity_id|amount", f"text|{before}"),
        stored(SECOND, "opportunity_id|amount", f"text|{now}"),
    )
    assert told(*files) == [("amount", "type changed", "amount")]


def test_a_renamed_column_keeps_its_kind_and_an_empty_one_tells_nothing() -> None:
    first = stored(FIRST, "opportunity_id|Amount", "text|number")
    empty = stored(SECOND, "opportunity_id|Amount", "text|empty")
    third = stored("opportunity_2026-11-03.csv", "opportunity_id|amount", "text|text")
    assert told(first, empty, third) == [("amount", "renamed", "amount"), ("amount", "type changed", "amount")]


def test_parts_of_an_object_are_compared_with_their_own_kind() -> None:
    """A split export: opens carry a device, sent mails do not, every night."""
    nights = [
        stored(f"{kind}_2026-11-0{night}.csv", columns)
        for night in (1, 2)
        for kind, columns in (("opened", "opportunity_id|device"), ("sent", "opportunity_id"))
    ]
    (change,) = schema_changes(nights, opportunities())
    assert (change.file, change.column, change.change) == ("generic/opportunity/sent_2026-11-01.csv", "device", "removed")


def test_an_export_under_a_new_name_is_compared_with_the_last_one() -> None:
    files = (stored(FIRST, "opportunity_id|stage"), stored("deals-2026-11-02.csv", "opportunity_id|stage|tier"))
    assert told(*files) == [("tier", "added", None)]


def test_files_are_compared_by_what_they_speak_of_and_not_by_when_they_came() -> None:
    late, newer = stored(FIRST, "opportunity_id|stage"), stored(SECOND, "opportunity_id|stage|tier")
    assert told(newer, late) == told(late, newer) == [("tier", "added", None)]


def test_a_key_that_a_few_records_leave_out_is_not_gone() -> None:
    first = stored(FIRST, "opportunity_id|stage|device", written_as="jsonl")
    quiet = stored(SECOND, "stage|opportunity_id", written_as="jsonl.gz", rows=3)
    third = stored("opportunity_2026-11-03.csv", "opportunity_id|stage|device", written_as="jsonl")
    assert told(first, quiet, third) == []
    gone = stored("opportunity_2026-11-04.csv", "opportunity_id|stage", written_as="jsonl", rows=100)
    assert told(first, quiet, third, gone) == [("device", "removed", None)]


def test_a_raw_store_from_before_kinds_were_told_is_compared_by_names_alone() -> None:
    files = (stored(FIRST, "opportunity_id|amount"), stored(SECOND, "opportunity_id|amount|tier"))
    without = [StoredFile(**{**vars(file), "kinds": ()}) for file in files]
    assert told(*without) == [("tier", "added", None)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "-3e4", " ", ""], "number"),
        (["0", "1"], "number"),
        (["2026-11-01", "2026-11-01T10:00:00Z", "2026-11-01 10:00:00+01:00"], "time"),
        (["02/03/2026", "1.2.26"], "date in another form"),
        (["true", "False", "yes"], "flag"),
        (["1,234.50", "$12k"], "text"),
        (["", "  "], "empty"),
        ([*["7"] * 19, "seven"], "number"),
        ([*["7"] * 8, "seven", "eight"], "text"),
    ],
)
def test_what_a_column_reads_as(tmp_path: Path, values: list[str], kind: str) -> None:
    parquet = tmp_path / "loaded.parquet"
    with duckdb.connect() as connection:
        connection.execute("create table loaded (id varchar, value varchar, _row bigint)")
        connection.executemany("insert into loaded values ('A', ?, 1)", [[value] for value in values])
        connection.execute(f"copy loaded to '{parquet}' (format parquet)")
        assert kinds_of_columns(connection, parquet, ("Id", "_file")) == ("text", kind)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(home=tmp_path / "home", landing=tmp_path / "landing")
    settings.build.mkdir(parents=True)
    return settings


def deliver(settings: Settings, name: str, content: str) -> None:
    path = settings.landing / "generic" / "opportunity" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1e9, 1e9 + len(content)))


def recorded(settings: Settings) -> list[tuple[Any, ...]]:
    make_build_database(settings, SalesProcess(), land(settings, SalesProcess()), "a build")
    with duckdb.connect(str(settings.build_database), read_only=True) as connection:
        return connection.execute(
            "select extracted_on, column_name, change, declared_as, is_required, is_newest from accounting.schema_change order by all"
        ).fetchall()


def test_changes_are_recorded_from_the_raw_store_each_time_the_same(settings: Settings) -> None:
    deliver(settings, FIRST, "opportunity_id,stage,amount\nA,closing,100\n")
    deliver(settings, SECOND, "opportunity_id,stage,amount,Region\nA,closing,a hundred,East\n")
    expected = [
        (date(2026, 11, 2), "Region", "added", None, False, True),
        (date(2026, 11, 2), "amount", "type changed", "amount", False, True),
    ]
    assert recorded(settings) == expected
    assert recorded(settings) == expected


def test_what_a_correction_replaced_is_compared_with_nothing(settings: Settings) -> None:
    deliver(settings, FIRST, "opportunity_id,stage\nA,closing\n")
    deliver(settings, SECOND, "opportunity_id,stage,Oops\nA,closing,1\n")
    assert len(recorded(settings)) == 1
    deliver(settings, SECOND, "opportunity_id,stage\nA,closing\nB,closing\n")
    assert recorded(settings) == []
