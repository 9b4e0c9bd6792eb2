"""Landing: every delivered file becomes raw rows, a counted repeat or a refusal, in any order and however often."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import threading
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from ingestion.land import Landing, land, landing_fingerprint
from ingestion.store import raw_rows as rows_of_raw
from ingestion.store import stored_files, unreadable_files

DEALS = "opportunity_id,stage\nO1,prospecting\nO2,closing\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "landing").mkdir()
    return Settings(home=tmp_path / "home", landing=tmp_path / "landing", config=None)


def put(settings: Settings, name: str, content: str | bytes = DEALS) -> Path:
    path = settings.landing / "generic" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    # Landing looks twice at files that were written in these seconds.
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def landed(settings: Settings, process: SalesProcess | None = None) -> Landing:
    settings.build.mkdir(parents=True, exist_ok=True)
    return land(settings, process or SalesProcess())


def outcomes(landing: Landing) -> dict[str, str]:
    return {found.file.removeprefix("generic/"): found.outcome for found in landing.outcomes}


def raw_rows(settings: Settings) -> list[tuple[str, int]]:
    """(file, number of rows) of each Parquet file, straight from the disk."""
    found = []
    with duckdb.connect() as connection:
        for path in sorted(settings.raw.glob("*/*/*/*.parquet")):
            found += connection.execute(f"select _file, count(*) from read_parquet('{path}') group by _file").fetchall()
    return sorted((file.removeprefix("generic/"), count) for file, count in found)


def test_a_file_is_loaded_once(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-21.csv")
    first, second = landed(settings), landed(settings)
    assert (first.new_files, second.new_files) == (1, 0)
    assert outcomes(first) == outcomes(second) == {"opportunity/a_2026-11-21.csv": "loaded"}
    assert raw_rows(settings) == [("opportunity/a_2026-11-21.csv", 2)]


def test_another_timezone_lands_nothing_again(settings: Settings) -> None:
    """A day at the company begins at another moment then; its files are the same, also those that were delivered again."""
    put(settings, "opportunity/a_2026-11-21.csv")
    put(settings, "opportunity/b_2026-11-22T0630.csv", DEALS + "O9,closing\n")
    landed(settings)
    put(settings, "opportunity/a_2026-11-21.csv", DEALS + "O8,closing\n")
    landed(settings)
    put(settings, "opportunity/a_2026-11-21.csv")
    before = landed(settings)
    after = landed(settings, SalesProcess.model_validate({"company": {"timezone": "America/New_York"}}))
    assert (after.new_files, len(after.outcomes)) == (0, len(before.outcomes))
    assert sorted((found.file, found.outcome) for found in after.outcomes) == sorted(
        (found.file, found.outcome) for found in before.outcomes
    )
    assert {(stored.extracted_on.day, stored.extracted_at.isoformat()) for stored in after.stored} == {
        (21, "2026-11-21T05:00:00"),
        (22, "2026-11-22T06:30:00"),
    }


def test_raw_is_one_immutable_file_per_delivered_file(settings: Settings) -> None:
    """DESIGN section 5: named by date and content, delivered text only, with file, record number and extract date."""
    put(settings, "opportunity/a_2026-11-21.csv", "Opportunity ID,Stage,Amount\nO1,prospecting, 007 \nO2,closing,\n")
    (stored,) = landed(settings).stored
    path = stored.parquet(settings.raw)
    assert path == settings.raw / "generic/opportunity/extracted_on=2026-11-21" / f"{stored.sha256[:16]}.parquet"
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from {rows_of_raw([stored], settings.raw)}")
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert names == ["Opportunity ID", "Stage", "Amount", "_file", "_extracted_at", "_sequence", "_row"]
    assert [(row["Opportunity ID"], row["Amount"], row["_row"]) for row in rows] == [("O1", " 007 ", 1), ("O2", None, 2)]


@pytest.mark.parametrize("again", ["a_2026-11-21.csv", "b_2026-11-21.csv"])
def test_the_same_bytes_are_counted_once(settings: Settings, again: str) -> None:
    """FAULTS 5: under the same name (touched) or another; also when the index that saves time is lost."""
    put(settings, "opportunity/a_2026-11-21.csv")
    landed(settings)
    os.utime(put(settings, f"opportunity/{again}"), (1_700_000_100, 1_700_000_100))
    for _ in range(2):
        found = landed(settings)
        assert found.new_files == 0
        assert outcomes(found).pop("opportunity/a_2026-11-21.csv") == "loaded"
        if again.startswith("b"):
            assert outcomes(found)[f"opportunity/{again}"] == "repeat"
        (settings.build / "landing_index.json").unlink(missing_ok=True)
    assert len(raw_rows(settings)) == 1


def test_a_whole_table_may_return_to_what_it_was(settings: Settings) -> None:
    """The same bytes for another date are that day's extract; of events they are the same events again."""
    put(settings, "opportunity/a_2026-11-21.csv")
    put(settings, "opportunity/a_2026-11-22.csv")
    history = "opportunity_id,stage,entered_at\nO1,closing,2026-11-20\n"
    put(settings, "stage_history/h_2026-11-21.csv", history)
    put(settings, "stage_history/h_2026-11-22.csv", history)
    assert outcomes(landed(settings)) == {
        "opportunity/a_2026-11-21.csv": "loaded",
        "opportunity/a_2026-11-22.csv": "loaded",
        "stage_history/h_2026-11-21.csv": "loaded",
        "stage_history/h_2026-11-22.csv": "repeat",
    }


def test_a_corrected_file_replaces_the_earlier_and_both_stay_in_raw(settings: Settings) -> None:
    """FAULTS 6."""
    put(settings, "opportunity/a_2026-11-21.csv")
    landed(settings)
    os.utime(put(settings, "opportunity/a_2026-11-21.csv", DEALS + "O3,won\n"), (1_700_000_200, 1_700_000_200))
    found = landed(settings)
    assert sorted((kept.outcome, kept.stored.rows_loaded) for kept in found.outcomes if kept.stored) == [
        ("loaded", 3),
        ("superseded", 2),
    ]
    assert raw_rows(settings) == [("opportunity/a_2026-11-21.csv", 2), ("opportunity/a_2026-11-21.csv", 3)]


def deliver_in_turn(settings: Settings, *deliveries: tuple[str, str]) -> dict[str, str]:
    """Land each delivery in a night of its own; what is in force at the end, by content."""
    for number, (name, content) in enumerate(deliveries):
        os.utime(
            put(settings, f"opportunity/{name}_2026-11-21.csv", content), (1_700_000_000 + number, 1_700_000_000 + number)
        )
        found = landed(settings)
    (settings.build / "landing_index.json").unlink()
    assert outcomes(landed(settings)) == outcomes(found)
    return {str(kept.stored.rows_loaded): kept.outcome for kept in found.outcomes if kept.stored}


def test_a_correction_may_be_taken_back(settings: Settings) -> None:
    """FAULTS 6: the later delivery wins, also where it brings bytes that were seen before."""
    right, wrong = DEALS, DEALS + "O3,won\n"
    assert deliver_in_turn(settings, ("a", right), ("a", wrong), ("a", right)) == {"2": "loaded", "3": "superseded"}


def test_a_correction_may_have_been_delivered_under_another_name_before(settings: Settings) -> None:
    right, wrong = DEALS, DEALS + "O3,won\n"
    assert deliver_in_turn(settings, ("b", right), ("a", wrong), ("a", right)) == {"2": "loaded", "3": "superseded"}


@pytest.mark.parametrize("order", ["a b A", "b a A", "a A b"])
def test_a_twin_of_what_was_corrected_is_corrected_too(settings: Settings, order: str) -> None:
    """P4: whichever of the twins came first, and also if the second comes after the correction (A)."""
    content = {"a": DEALS, "b": DEALS, "A": DEALS + "O3,won\n"}
    found = deliver_in_turn(settings, *((name.lower(), content[name]) for name in order.split()))
    assert found == {"2": "superseded", "3": "loaded"}


def test_two_files_of_one_date_are_both_parts(settings: Settings) -> None:
    """FAULTS 8."""
    put(settings, "opportunity/a_2026-11-21.csv")
    put(settings, "opportunity/b_2026-11-21.csv", "opportunity_id,stage\nO3,won\n")
    assert set(outcomes(landed(settings)).values()) == {"loaded"}


def test_an_undated_file_is_left_out_with_a_word_if_there_are_others(settings: Settings) -> None:
    """FAULTS 10."""
    put(settings, "opportunity/deals.csv")
    assert outcomes(landed(settings)) == {"opportunity/deals.csv": "refused"}
    put(settings, "opportunity/a_2026-11-21.csv")
    found = landed(settings)
    assert outcomes(found) == {"opportunity/a_2026-11-21.csv": "loaded", "opportunity/deals.csv": "ignored"}
    assert [kept.reason for kept in found.outcomes if kept.outcome == "ignored"] == [
        "its name carries no extract date; expected one such as opportunity_2026-11-22.csv"
    ]


@pytest.mark.parametrize(("content", "rows"), [("", 0), ("\n", 0), ("event_id,event_type,occurred_at\n", 0)])
def test_a_quiet_night_of_events_is_no_reason_to_refuse(settings: Settings, content: str, rows: int) -> None:
    """FAULTS 3 and 4: for events and deltas."""
    put(settings, "email_event/e_2026-11-21.csv", content)
    assert outcomes(landed(settings))["email_event/e_2026-11-21.csv"] in ("loaded", "ignored")
    assert sum(count for _, count in raw_rows(settings)) == rows


def test_a_delta_with_no_changes_is_accepted_if_the_config_says_delta(settings: Settings) -> None:
    process = SalesProcess.model_validate({"objects": {"opportunity": {"delivery": "delta"}}})
    put(settings, "opportunity/a_2026-11-21.csv", "opportunity_id,stage\n")
    assert outcomes(landed(settings, process)) == {"opportunity/a_2026-11-21.csv": "loaded"}


def test_a_file_that_is_still_growing_waits(settings: Settings) -> None:
    """FAULTS 1: its size changes between two looks."""
    path = put(settings, "opportunity/a_2026-11-21.csv")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with path.open("a", encoding="utf-8") as growing:
                growing.write("O3,won\n")
            time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.05)
    try:
        found = landed(settings)
    finally:
        stop.set()
        writer.join()
    assert outcomes(found) == {"opportunity/a_2026-11-21.csv": "waiting"}
    assert raw_rows(settings) == []
    os.utime(path, (1_700_000_300, 1_700_000_300))
    assert outcomes(landed(settings)) == {"opportunity/a_2026-11-21.csv": "loaded"}


def test_what_cannot_be_parsed_is_in_quarantine_with_file_line_and_text(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-21.csv", DEALS + "O3\nO4,won,too,many\nO5,lost\n")
    (stored,) = landed(settings).stored
    assert (stored.rows_delivered, stored.rows_loaded, stored.rows_quarantined) == (5, 3, 2)
    (path,) = settings.quarantine.glob("*/*/*/*.parquet")
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select system, object, file, line, text from read_parquet('{path}') order by line"
        ).fetchall()
    file = "generic/opportunity/a_2026-11-21.csv"
    assert found == [("generic", "opportunity", file, 4, "O3"), ("generic", "opportunity", file, 5, "O4,won,too,many")]


def test_a_parquet_file_without_its_description_is_no_delivery(settings: Settings) -> None:
    """P3: a run killed between the two renames; the file is landed again."""
    put(settings, "opportunity/a_2026-11-21.csv")
    (stored,) = landed(settings).stored
    stored.parquet(settings.raw).with_suffix(".json").unlink()
    assert stored_files(settings.raw) == ([], [])
    assert landed(settings).new_files == 1
    assert len(raw_rows(settings)) == 1


DAMAGES = {
    "gone": lambda path: path.unlink(),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "another file": lambda path: path.write_text("id,stage\n", encoding="utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_raw_file_is_landed_again_or_refused_by_name(settings: Settings, damage: str) -> None:
    """FAULTS 47: named with the delivered file to deliver again; where that still lies there, nobody need do anything."""
    delivered = put(settings, "opportunity/a_2026-11-21.csv")
    put(settings, "opportunity/a_2026-11-22.csv")
    content = delivered.read_bytes()
    (stored, sound) = landed(settings).stored
    DAMAGES[damage](stored.parquet(settings.raw))
    delivered.unlink()
    found = landed(settings)
    assert [kept.file for kept in found.stored] == [sound.file]
    (refused,) = found.refused
    assert refused.file == stored.file
    assert str(stored.parquet(settings.raw)) in (refused.reason or "")
    put(settings, "opportunity/a_2026-11-21.csv", content)
    healed = landed(settings)
    assert healed.refused == []
    assert sorted(kept.file for kept in healed.stored) == [stored.file, sound.file]
    assert len(raw_rows(settings)) == 2


def test_a_raw_file_whose_rows_cannot_be_read_is_found_when_somebody_looks(settings: Settings) -> None:
    """FAULTS 47: its footer is whole, so that only reading all of it tells. Then it is as good as gone, until it is delivered again."""
    delivered = put(settings, "opportunity/a_2026-11-21.csv", DEALS + "".join(f"P{number},won\n" for number in range(500)))
    put(settings, "opportunity/a_2026-11-22.csv")
    content = delivered.read_bytes()
    (stored, sound) = landed(settings).stored
    assert unreadable_files(settings.raw) == []
    path = stored.parquet(settings.raw)
    written = path.read_bytes()
    path.write_bytes(written[:60] + b"\0" * 200 + written[260:])
    assert landed(settings).stored == [stored, sound]
    assert [lost.file for lost in unreadable_files(settings.raw)] == [stored.file]
    delivered.unlink()
    found = landed(settings)
    assert [kept.file for kept in found.stored] == [sound.file]
    assert [refused.file for refused in found.refused] == [stored.file]
    put(settings, "opportunity/a_2026-11-21.csv", content)
    assert landed(settings).refused == []
    assert unreadable_files(settings.raw) == []
    assert sum(rows for _, rows in raw_rows(settings)) == 502 + 2


def test_landed_files_may_be_deleted(settings: Settings) -> None:
    """FAULTS 49."""
    put(settings, "opportunity/a_2026-11-21.csv")
    before = landed(settings).stored
    shutil.rmtree(settings.landing / "generic")
    assert landed(settings).stored == before


def test_the_order_of_delivery_is_remembered(settings: Settings) -> None:
    """FAULTS 7: late files come later, whatever their date."""
    put(settings, "opportunity/a_2026-11-22.csv")
    landed(settings)
    put(settings, "opportunity/a_2026-11-20.csv", DEALS + "O3,won\n")
    put(settings, "opportunity/a_2026-11-21.csv", DEALS + "O4,won\n")
    found = {str(stored.extracted_on): stored.sequence for stored in landed(settings).stored}
    assert found == {"2026-11-22": 1, "2026-11-20": 2, "2026-11-21": 3}


def test_an_index_that_is_no_json_costs_only_time(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-21.csv")
    landed(settings)
    (settings.build / "landing_index.json").write_text("{", encoding="utf-8")
    assert landed(settings).new_files == 0


def test_equal_fingerprints_mean_that_nothing_is_new(settings: Settings) -> None:
    path = put(settings, "opportunity/a_2026-11-21.csv")
    before = landing_fingerprint(settings, SalesProcess())
    assert landing_fingerprint(settings, SalesProcess()) == before
    os.utime(path, (1_700_000_400, 1_700_000_400))
    touched = landing_fingerprint(settings, SalesProcess())
    put(settings, "user/strange.doc")
    assert (
        len(
            {json.dumps(found, sort_keys=True) for found in (before, touched, landing_fingerprint(settings, SalesProcess()))}
        )
        == 3
    )


def test_formats_are_told_apart_and_named(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-20.csv.gz", gzip.compress(DEALS.encode()))
    put(settings, "opportunity/a_2026-11-21.jsonl", '{"opportunity_id": "O1", "stage": "won"}\n')
    put(
        settings,
        "opportunity/a_2026-11-22.json.jsonl",
        '[{"opportunity_id": "O1", "stage": "won"}, {"opportunity_id": "O2", "stage": "won"}]',
    )
    put(settings, "opportunity/a_2026-11-19.tsv", DEALS.replace(",", "\t"))
    put(settings, "opportunity/a_2026-11-18.csv", DEALS.replace("closing", "clösing").encode("cp1252"))
    found = {stored.extracted_on: (stored.format, stored.rows_loaded, stored.notes) for stored in landed(settings).stored}
    assert found == {
        date(2026, 11, 18): ("csv", 2, ("Windows-1252 read",)),
        date(2026, 11, 19): ("csv", 2, ()),
        date(2026, 11, 20): ("csv.gz", 2, ()),
        date(2026, 11, 21): ("jsonl", 1, ()),
        date(2026, 11, 22): ("jsonl", 2, ("one JSON array read as lines",)),
    }
