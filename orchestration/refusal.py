"""What landing refused, in the words of a verdict, so that a refusal reads the same wherever it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from funnelcast.errors import GateRefused
from ingestion.land import FileOutcome, Landing
from ingestion.store import StoredFile
from quality.verdict import CheckResult, Verdict

FILE_CHECK = "file_can_be_trusted"


class DamagedFiles(GateRefused):
    """Rows that were loaded from delivered files can no longer be read."""

    def __init__(self, lost: Sequence[StoredFile], raw: Path) -> None:
        files = ", ".join(f"{stored.file} ({stored.parquet(raw)})" for stored in lost[:3])
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        super().__init__(
            f"What was loaded from {files}{more} is damaged and cannot be read: nothing was published; run again, which loads it anew "
            "where the file still lies in the landing folder, and deliver it once more where it does not."
        )


def refusal_of_files(landing: Landing, build_id: str) -> Verdict | None:
    """The verdict on a landing with files that cannot be trusted; None where there are none."""
    if not landing.refused:
        return None
    results = tuple(_result(found) for found in landing.refused)
    return Verdict(build_id, "failed", results, {}, datetime.now(UTC).isoformat(timespec="seconds"))


def _result(found: FileOutcome) -> CheckResult:
    return CheckResult(
        check=FILE_CHECK,
        table=f"{found.system}.{found.object}",
        group="landing",
        severity="refuse",
        status="failed",
        unexpected_rows=None,
        total_rows=None,
        examples=(found.file,),
        description=f"{found.file}: {found.reason}.",
        # What is said of a red check is its advice: the reason belongs there, or nobody would read it.
        advice=f"{_sentence(found.reason)} Deliver the file again, whole and in its own folder, or take it out of landing.",
        error=None,
    )


def _sentence(reason: str | None) -> str:
    words = reason or "it cannot be trusted"
    return f"{words[0].upper()}{words[1:]}."
