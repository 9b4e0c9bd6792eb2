"""The history of runs: one JSON line per finished run in `logs/runs.jsonl`, whatever became of it.

Belongs here: what is remembered of a run, and reading and appending it safely.
Does not belong here: the published table of runs (bundle.py), Dagster's own records, log messages.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Outcome = Literal["published", "refused", "failed", "nothing_new", "cancelled"]


@dataclass(frozen=True)
class RunRecord:
    """One finished run. Counts are None where the run ended before they were known."""

    run_id: str
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    version: str
    as_of: date | None = None
    files_read: int | None = None
    rows_read: int | None = None
    rows_set_aside: int | None = None
    rows_quarantined: int | None = None
    checks_passed: int | None = None
    checks_failed: int | None = None
    # Why it did not publish, in one sentence; None where it did, or where the verdict says so.
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.outcome not in get_args(Outcome):
            raise ValueError(f"{self.outcome!r} is not an outcome of a run; expected one of {get_args(Outcome)}")
        if self.started_at.tzinfo is None or self.finished_at.tzinfo is None:
            raise ValueError("a run's times carry their zone; these do not")

    def to_json(self) -> dict[str, Any]:
        """Plain values, times in UTC."""
        return {
            **asdict(self),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "started_at": self.started_at.astimezone(UTC).isoformat(),
            "finished_at": self.finished_at.astimezone(UTC).isoformat(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> RunRecord:
        """The reverse of `to_json`. Keys that a later version added are left out."""
        return _record().validate_python(values)


@cache
def _record() -> TypeAdapter[RunRecord]:
    # Imported where it is used: a run with nothing new to do ends before a library is loaded.
    from pydantic import TypeAdapter

    return TypeAdapter(RunRecord)


def runs_file(home: Path) -> Path:
    """Where the history of runs is kept."""
    return home / "logs" / "runs.jsonl"


def append_run(home: Path, run: RunRecord) -> None:
    """Add a finished run, on the disk when this returns.

    A run killed in the middle of its line leaves it without an end. The line is ended here, so that the half
    one costs only itself and not the one written after it.
    """
    path = runs_file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as log:
        line = json.dumps(run.to_json(), sort_keys=True) + "\n"
        log.write((b"" if _ends_whole(path) else b"\n") + line.encode())
        log.flush()
        os.fsync(log.fileno())


def read_runs(home: Path) -> tuple[RunRecord, ...]:
    """Every run that was recorded whole, oldest first. Half a line, left by a run that was killed, is no record."""
    path = runs_file(home)
    if not path.exists():
        return ()
    records = (_parsed(line) for line in path.read_bytes().splitlines())
    return tuple(record for record in records if record is not None)


def _ends_whole(path: Path) -> bool:
    if path.stat().st_size == 0:
        return True
    with path.open("rb") as log:
        log.seek(-1, os.SEEK_END)
        return log.read() == b"\n"


def _parsed(line: bytes) -> RunRecord | None:
    from pydantic import ValidationError

    try:
        return _record().validate_json(line)
    except ValidationError:
        # Not JSON, or JSON of another shape. Either way not a run's record.
        return None
