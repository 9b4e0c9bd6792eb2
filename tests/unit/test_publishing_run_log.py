"""Assumes: the history of runs survives what happens to runs.

Guards publishing/run_log.py and the rows of `ops_run`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from publishing.run_log import RunRecord, append_run, read_runs, runs_file
from publishing.run_tables import run_rows

RUN = RunRecord(
    run_id="run-1",
    outcome="published",
    started_at=datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
    finished_at=datetime(2026, 11, 23, 2, 5, 30, 123456, tzinfo=UTC),
    version="0.1.0",
    as_of=date(2026, 11, 22),
    files_read=3,
    rows_read=100,
    rows_set_aside=2,
    rows_quarantined=1,
    checks_passed=40,
    checks_failed=0,
)
KILLED_EARLY = RunRecord("run-2", "cancelled", RUN.started_at, RUN.finished_at, "0.1.0")


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    assert read_runs(tmp_path) == ()
    append_run(tmp_path, RUN)
    append_run(tmp_path, KILLED_EARLY)
    assert read_runs(tmp_path) == (RUN, KILLED_EARLY)
    assert len(runs_file(tmp_path).read_text().splitlines()) == 2


@pytest.mark.parametrize("kept", range(1, 40, 7))
def test_half_a_last_line_costs_only_itself(tmp_path: Path, kept: int) -> None:
    append_run(tmp_path, RUN)
    with runs_file(tmp_path).open("a") as log:
        log.write(json.dumps(KILLED_EARLY.to_json())[:kept])
    assert read_runs(tmp_path) == (RUN,)
    append_run(tmp_path, KILLED_EARLY)
    assert read_runs(tmp_path) == (RUN, KILLED_EARLY)


def test_a_whole_last_line_without_its_end_counts(tmp_path: Path) -> None:
    append_run(tmp_path, RUN)
    runs_file(tmp_path).write_text(runs_file(tmp_path).read_text().rstrip("\n"))
    append_run(tmp_path, KILLED_EARLY)
    assert read_runs(tmp_path) == (RUN, KILLED_EARLY)


@pytest.mark.parametrize("line", ["", "null", "[]", "3", '{"run_id": "x"}', "\x00\x00\x00", '{"outcome": 1}', "\xff"])
def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path, line: str) -> None:
    append_run(tmp_path, RUN)
    with runs_file(tmp_path).open("ab") as log:
        log.write(line.encode("latin-1") + b"\n")
    append_run(tmp_path, KILLED_EARLY)
    assert read_runs(tmp_path) == (RUN, KILLED_EARLY)


def test_a_record_of_a_later_version_is_read_for_what_is_known_of_it(tmp_path: Path) -> None:
    runs_file(tmp_path).parent.mkdir()
    runs_file(tmp_path).write_text(json.dumps({**RUN.to_json(), "mood": "fine"}) + "\n")
    assert read_runs(tmp_path) == (RUN,)


def test_a_record_states_its_outcome_and_zone() -> None:
    with pytest.raises(ValueError, match="not an outcome"):
        replace(RUN, outcome="done")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="zone"):
        replace(RUN, started_at=datetime(2026, 11, 23))


def test_published_times_are_utc_wherever_the_run_was(tmp_path: Path) -> None:
    in_tokyo = replace(RUN, started_at=RUN.started_at.astimezone(timezone(timedelta(hours=9))))
    append_run(tmp_path, in_tokyo)
    (row,) = run_rows(read_runs(tmp_path))
    assert (row["started_at"], row["finished_at"]) == ("2026-11-23T02:00:00", "2026-11-23T02:05:30.123456")
