"""Assumption: what the version before wrote below home is read, and what is not changed is written as it was.

The files in written_before/ were written by hand-written codecs (2026-11), before pydantic took their place: raw descriptions, the list of the
forgotten, an erasure under way, the history of runs, a verdict. A home outlives the version that made it.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingestion.store import StoredFile, describe_again, described_files
from ingestion.suppression import Erasure, Person, begin_erasure, load_suppression, save_suppression, unfinished_erasure
from publishing.run_log import RunRecord, append_run, read_runs, runs_file
from quality.verdict import UnreadableVerdictError, Verdict

BEFORE = Path(__file__).with_name("written_before")
DESCRIBED = StoredFile(
    "generic", "user", "user_2026-11-20.csv", "ab" * 32, date(2026, 11, 20), datetime(2026, 11, 20, 18, 30, 0, 250000), 3, "csv.gz",
    ("user_id", "name", "état"), 5, 4, 1, ("a note",), ("text", "text"), False, (("u2.csv", "2026-11-21T00:00:00", 4),), ("c0ffee",), False,
)  # fmt: skip
NORA = Person(
    "c0ffee",
    frozenset({"nora@acme.com"}),
    frozenset({("generic", "lead", "l1")}),
    frozenset({"nora akhtar", "akhtar nora"}),
    False,
)


def test_a_description_of_a_raw_file(tmp_path: Path) -> None:
    file = tmp_path / DESCRIBED.stem.with_suffix(".json")
    file.parent.mkdir(parents=True)
    shutil.copyfile(BEFORE / "description.json", file)
    assert described_files(tmp_path) == [DESCRIBED]
    describe_again(DESCRIBED, tmp_path)
    assert file.read_bytes() == (BEFORE / "description.json").read_bytes()


def test_a_description_from_before_some_fields_were_told(tmp_path: Path) -> None:
    file = tmp_path / DESCRIBED.stem.with_suffix(".json")
    file.parent.mkdir(parents=True)
    told = json.loads((BEFORE / "description.json").read_text(encoding="utf-8"))
    later = ("kinds", "is_numbered", "again", "erasures", "is_unreadable")
    file.write_text(json.dumps({name: value for name, value in told.items() if name not in later}), encoding="utf-8")
    (found,) = described_files(tmp_path)
    assert (found.kinds, found.is_numbered, found.again, found.erasures, found.is_unreadable) == ((), True, (), (), False)


def test_the_list_of_the_forgotten_and_an_erasure_under_way(tmp_path: Path) -> None:
    folder = tmp_path / "forgotten"
    folder.mkdir()
    for name in ("people.json", "under_way.json"):
        shutil.copyfile(BEFORE / name, folder / name)
    found = load_suppression(tmp_path)
    assert found.key == bytes(range(32))
    assert found.holds_address("Nora@acme.com")
    assert found.holds_record("generic", "lead", "l1")
    assert found.erasures == (Erasure("c0ffee", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC), 1, 2, 3),)
    save_suppression(found, tmp_path)
    assert (folder / "people.json").read_bytes() == (BEFORE / "people.json").read_bytes()
    assert unfinished_erasure(tmp_path) == NORA
    begin_erasure(NORA, tmp_path)
    assert unfinished_erasure(tmp_path) == NORA


def test_the_history_of_runs(tmp_path: Path) -> None:
    start, end = datetime(2026, 11, 23, 2, tzinfo=UTC), datetime(2026, 11, 23, 2, 5, 30, tzinfo=UTC)
    runs = (
        RunRecord(
            "run-1", "published", start, end.replace(microsecond=123456), "0.1.0", date(2026, 11, 22), 3, 100, 2, 1, 40, 0
        ),
        RunRecord("run-2", "failed", start, end, "0.1.0", reason="x"),
    )
    runs_file(tmp_path).parent.mkdir()
    shutil.copyfile(BEFORE / "runs.jsonl", runs_file(tmp_path))
    assert read_runs(tmp_path) == runs
    runs_file(tmp_path).unlink()
    for run in runs:
        append_run(tmp_path, run)
    assert runs_file(tmp_path).read_bytes() == (BEFORE / "runs.jsonl").read_bytes()


def test_a_verdict() -> None:
    text = (BEFORE / "verdict.json").read_text(encoding="utf-8")
    assert Verdict.from_json(text).to_json() == text


def test_a_verdict_that_says_more_than_this_version_knows_is_not_believed() -> None:
    told = json.loads((BEFORE / "verdict.json").read_text(encoding="utf-8"))
    told["checks"][0]["mood"] = "fine"
    with pytest.raises(UnreadableVerdictError):
        Verdict.from_json(json.dumps(told))
