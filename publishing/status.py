"""What stands below home: the release, the files it was made of and what is late, the last runs, the rows that are not in the tables.

Belongs here: gathering it in well under a second, whatever is missing, as one value with a stable shape (docs/status.md).
Does not belong here: words (command/status.py), the lock on home (orchestration/home_lock.py).
"""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from funnelcast.settings import Settings
from ingestion.store import StoredFile, described_files
from ingestion.suppression import load_suppression, unfinished_erasure
from publishing.certificate import UnreadableCertificateError, file_sha256, read_certificate
from publishing.integrity import find_damage
from publishing.run_log import RunRecord, read_runs
from quality.verdict import UnreadableVerdictError, Verdict

SHAPE_VERSION = 1
# With fewer extracts than these nobody can say what is usual (as in quality/suites/freshness.py).
EXTRACTS_NEEDED = 4
RUNS_SHOWN = 5
_GAPS_REMEMBERED = 20
GRACE = timedelta(days=1)
DEALS = ("opportunity", "deal")


def read_status(
    settings: Settings, in_progress: str | None, verify: bool = False, today: date | None = None
) -> dict[str, Any]:
    """Gather the status. ``in_progress``: since when a run holds home, if one does; ``verify``: hash every published file."""
    from publishing.quarantine import read_quarantine

    today = today or datetime.now(UTC).date()
    stored = described_files(settings.raw)
    published = _published(settings, verify, today)
    as_of = date.fromisoformat(published["as_of"]) if published and published["as_of"] else None
    runs = read_runs(settings.home)
    problems = read_quarantine(settings)
    return {
        "version": SHAPE_VERSION,
        "home": str(settings.home),
        "home_bytes": home_bytes(settings.home),
        "published": published,
        "run_in_progress_since": in_progress,
        "last_run": _run(settings, runs[-1]) if runs else None,
        "runs": [_run(settings, record) for record in reversed(runs[-RUNS_SHOWN:])],
        "objects": object_statuses(stored, as_of),
        "overdue": overdue(stored, today),
        "not_in_tables": _not_in_tables((row.system, row.object, row.found_in) for row in problems.outstanding()),
        "forgotten_people": len(load_suppression(settings.raw).erasures),
        "unfinished_erasure": unfinished_erasure(settings.raw) is not None,
    }


def object_statuses(stored: Sequence[StoredFile], as_of: date | None) -> list[dict[str, Any]]:
    """Each delivered object: its newest extract, how old it is as of T, and whether that is longer than is usual for it."""
    by_object: dict[tuple[str, str], list[StoredFile]] = {}
    for file in stored:
        if as_of is None or file.extracted_on <= as_of:
            by_object.setdefault((file.system, file.object), []).append(file)
    # Of what was never published, the newest extract of any object is "now", as in a run without --as-of.
    newest_of_all = as_of or max((file.extracted_on for file in stored), default=None)
    return [
        _object(system, name, files, newest_of_all)
        for (system, name), files in sorted(by_object.items())
        if newest_of_all is not None
    ]


def overdue(stored: Sequence[StoredFile], today: date) -> list[dict[str, Any]]:
    """What should have come by now, deals first. Numbers never follow the clock; that nothing comes at all only the clock can tell.

    A file of yesterday's date may still come today: a day of grace.
    """
    late = [
        {
            "system": found["system"],
            "object": found["object"],
            "expected_by": expected_by.isoformat(),
            "newest_extract": found["newest_extract"],
            "days_ago": found["age_days"],
        }
        for found in object_statuses(stored, today)
        if (longest := found["longest_usual_days_between"]) is not None
        and (expected_by := date.fromisoformat(found["newest_extract"]) + timedelta(days=longest)) + GRACE < today
    ]
    return sorted(
        late, key=lambda found: (found["object"] not in DEALS, found["expected_by"], found["system"], found["object"])
    )


def what_is_overdue(settings: Settings, today: date | None = None) -> str | None:
    """In one sentence; None where nothing is."""
    late = overdue(described_files(settings.raw), today or datetime.now(UTC).date())
    if not late:
        return None
    first, others = late[0], len(late) - 1
    more = f", and {others} more" if others else ""
    return (
        f"{first['system']}.{first['object']} was expected by {first['expected_by']} and has not come since {first['newest_extract']}, "
        f"{first['days_ago']} days ago{more}: look whether the exports run (`funnelcast status` shows each)."
    )


def _object(system: str, name: str, files: Sequence[StoredFile], as_of: date) -> dict[str, Any]:
    days = sorted({file.extracted_on for file in files})
    usual, longest = cadence(days)
    age = (as_of - days[-1]).days
    newest = [file for file in files if file.extracted_on == days[-1]]
    return {
        "system": system,
        "object": name,
        "files": len(files),
        "rows": sum(file.rows_loaded for file in files),
        "newest_extract": days[-1].isoformat(),
        "newest_files": [file.file for file in newest],
        "newest_rows": sum(file.rows_loaded for file in newest),
        "age_days": age,
        "usual_days_between": usual,
        "longest_usual_days_between": longest,
        "is_late": longest is not None and age > longest,
    }


def cadence(days: Sequence[date]) -> tuple[float | None, int | None]:
    """The usual and the longest usual days between extracts: the median, and the longest of the last twenty gaps.

    An object that comes on workdays is not late on a Sunday. A gap of more than three times the usual was an outage, and is not usual.
    """
    if len(days) < EXTRACTS_NEEDED:
        return None, None
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    usual = float(statistics.median(gaps))
    return usual, min(max(gaps[-_GAPS_REMEMBERED:]), math.ceil(3 * usual))


def _published(settings: Settings, verify: bool, today: date) -> dict[str, Any] | None:
    if not settings.published.exists() and not settings.published.is_symlink():
        return None
    damage = find_damage(settings.published)
    try:
        certificate = read_certificate(settings.published)
    except UnreadableCertificateError:
        # What is wrong with it is told as its damage.
        certificate = {}
    if verify and damage is None:
        damage = _differing(settings.published, certificate)
    as_of = certificate.get("as_of")
    run = certificate.get("run", {})
    return {
        "release": certificate.get("release"),
        "run_id": certificate.get("run_id"),
        "published_at": certificate.get("published_at"),
        "as_of": as_of,
        "as_of_age_days": (today - date.fromisoformat(as_of)).days if as_of else None,
        "is_intact": damage is None,
        "damage": damage,
        "checked_by": "digests" if verify else "sizes and times",
        "files_read": run.get("files_read"),
        "rows_read": run.get("rows_read"),
        "checks_passed": run.get("checks_passed"),
        "warnings": run.get("checks_failed"),
    }


def _differing(published: Path, certificate: dict[str, Any]) -> str | None:
    for name, recorded in certificate["files"].items():
        if file_sha256(published / name) != recorded["sha256"]:
            return f"{published / name} does not have the digest it was published with"
    return None


def _run(settings: Settings, record: RunRecord) -> dict[str, Any]:
    told = record.to_json()
    kept = ("run_id", "outcome", "started_at", "finished_at", "as_of")
    return {**{name: told[name] for name in kept}, "reason": record.reason or _refusal(settings, record)}


def _refusal(settings: Settings, record: RunRecord) -> str | None:
    """Why the gate refused, as far as its last verdict is on this run."""
    if record.outcome != "refused":
        return None
    try:
        verdict = Verdict.read(settings.verdict_file)
    except UnreadableVerdictError:
        # A later run took it away.
        return None
    if verdict.build_id != record.run_id:
        return None
    return "; ".join(f"{result.check} on {result.table}: {result.advice}" for result in verdict.refusing()[:3])


def _not_in_tables(rows: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for system, name, found_in in rows:
        kind = "rejected" if found_in == "landing" else "set_aside"
        counts.setdefault((system, name), {"rejected": 0, "set_aside": 0})[kind] += 1
    return [{"system": system, "object": name, **count} for (system, name), count in sorted(counts.items())]


def home_bytes(home: Path) -> int:
    """What home takes on the disk; a file with two names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for folder, _, files in os.walk(home):
        for name in files:
            # A run may remove a file between the list and the look.
            try:
                found = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - Path costs a tenth of a second on a large home
            except FileNotFoundError:
                continue
            seen[(found.st_dev, found.st_ino)] = found.st_size
    return sum(seen.values())
