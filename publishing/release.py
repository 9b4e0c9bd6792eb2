"""Publishing a build: only with the gate's verdict on this very build, and only as a whole.

Belongs here: the order in which a release comes to be, and what happens when it cannot.
Does not belong here: what is demanded of the build (demands.py), how the files are written (bundle.py,
certificate.py) or put in place (swap.py), and when any of it happens (orchestration/).

The verdict is demanded here, whatever launched the run: blocking checks stop a job, but not one that selects
only this step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from funnelcast import __version__
from funnelcast.settings import Settings
from ingestion.suppression import load_suppression
from publishing import bundle, swap
from publishing.build import Build
from publishing.certificate import UnreadableCertificateError, read_certificate, write_certificate
from publishing.demands import demand_build, demand_same_content, demand_verdict
from publishing.errors import PublishFailed, failed_write
from publishing.run_log import RunRecord, append_run, read_runs
from quality.verdict import Verdict


@dataclass(frozen=True)
class Release:
    """A release that people read now."""

    folder: Path
    # Still to be appended to the run log, when the run has ended.
    run: RunRecord
    # What went wrong after the swap, and so did not keep the release from being published.
    notes: tuple[str, ...]


def publish(settings: Settings, run_id: str, started_at: datetime) -> Release:
    """Publish the build of this run.

    Raises `PublishRefused`, with nothing changed, unless the gate passed this very build and its tables are
    those that the gate saw; `PublishFailed`, with what was published unchanged, if the release cannot be
    written or put in place.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", run_id):
        raise ValueError(f"{run_id!r} names no folder; expected letters, digits, dots and dashes")
    verdict = demand_verdict(settings.verdict_file, run_id)
    build = demand_build(settings.build_database, run_id)
    _demand_replaceable(settings.published)
    try:
        with swap.only_publisher(settings.releases):
            return _publish_alone(settings, build, verdict, started_at)
    except (OSError, duckdb.Error) as error:
        raise failed_write(error, settings.releases, build.bytes_to_publish) from error


def _demand_replaceable(published: Path) -> None:
    """Refuse to destroy what people put where the link to the release belongs."""
    if published.exists() and not published.is_symlink():
        kind = "folder" if published.is_dir() else "file"
        raise PublishFailed(
            f"Nothing was published: {published} is a {kind} and not the link to a release that Funnelcast"
            f" makes; move it away (mv {published} {published}-copy) and run again."
        )


def _publish_alone(settings: Settings, build: Build, verdict: Verdict, started_at: datetime) -> Release:
    swap.remove_leftovers(settings.releases, settings.published)
    _remember_published_run(settings)
    name = swap.free_name(settings.releases, build.build_id)
    try:
        run = _write_release(settings, name, build, verdict, started_at)
        folder = swap.swap_in(settings.releases, name, settings.published)
    except BaseException:
        # Whatever stopped it, a signal included: no reader has seen any of it, and its room is needed.
        swap.remove_leftovers(settings.releases, settings.published)
        raise
    return Release(folder, run, swap.remove_old_releases(settings.releases, settings.published))


def _write_release(settings: Settings, name: str, build: Build, verdict: Verdict, started_at: datetime) -> RunRecord:
    partial = swap.partial_folder(settings.releases, name)
    partial.mkdir()
    bundle.write_tables(settings.build_database, partial, settings.duckdb_memory)
    run = _published_run(build, verdict, started_at)
    earlier = tuple(known for known in read_runs(settings.home) if known.run_id != run.run_id)
    bundle.write_run_tables(partial, (*earlier, run), verdict)
    bundle.write_parquet(partial, settings.duckdb_memory)
    tables = bundle.read_back(partial, settings.duckdb_memory)
    demand_same_content(tables, verdict)
    bundle.remove_spill(partial)
    write_certificate(partial, name, run, build, verdict, tables, load_suppression(settings.raw).erasures)
    swap.seal(partial, run.finished_at)
    return run


def _published_run(build: Build, verdict: Verdict, started_at: datetime) -> RunRecord:
    passed = sum(check.status == "passed" for check in verdict.checks)
    return RunRecord(
        run_id=build.build_id,
        outcome="published",
        started_at=started_at,
        finished_at=datetime.now(UTC),
        version=__version__,
        as_of=build.as_of,
        files_read=build.accounting.files_read,
        rows_read=build.accounting.rows_read,
        rows_set_aside=build.accounting.rows_set_aside,
        rows_quarantined=build.accounting.rows_quarantined,
        checks_passed=passed,
        checks_failed=len(verdict.checks) - passed,
    )


def _remember_published_run(settings: Settings) -> None:
    """Record the run that published last, if it was killed after the swap, before it could say so itself."""
    try:
        published = RunRecord.from_json(read_certificate(settings.published)["run"])
    except UnreadableCertificateError:
        # Nothing is published yet, or it was damaged and is about to be replaced.
        return
    if published.run_id not in {known.run_id for known in read_runs(settings.home)}:
        append_run(settings.home, published)
