"""`funnelcast status`: what stands below home, in words or as JSON. It does not import Dagster, dbt or Great Expectations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from command.options import Home
from funnelcast.errors import UnwritableHome
from funnelcast.settings import load_settings


def status(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, in the shape of docs/status.md.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Hash every published file, instead of sizes and times.")] = False,
) -> None:
    """What is published, from which files, as of when; what is late; the last runs; the rows that are not in the tables."""
    settings = load_settings(home=home)
    if settings.home.exists() and not settings.home.is_dir():
        raise UnwritableHome(settings.home, NotADirectoryError("it is not a folder"))
    from orchestration.home_lock import held_since
    from publishing.status import read_status

    found = read_status(settings, held_since(settings), verify)
    print(json.dumps(found, indent=1, ensure_ascii=False) if as_json else "\n".join(_told(found)))


def _told(found: dict[str, Any]) -> Iterator[str]:
    yield from _published(found["published"])
    if found["run_in_progress_since"]:
        yield f"A run is in progress since {found['run_in_progress_since']}."
    if found["unfinished_erasure"]:
        yield "An erasure was begun and not finished: run `funnelcast forget` with its address again."
    yield f"Home            {found['home']}, {found['home_bytes'] / 1e6:,.1f} MB"
    yield from _objects(found["objects"])
    yield from _overdue(found["overdue"])
    yield from _rows(found["not_in_tables"])
    yield ""
    yield "Last runs" if found["runs"] else "No run yet."
    for run in found["runs"]:
        reason = f": {run['reason']}" if run["reason"] else ""
        yield f"  {run['started_at'][:16].replace('T', ' ')} UTC  {run['outcome']}{reason}"


def _published(published: dict[str, Any] | None) -> Iterator[str]:
    if published is None:
        yield "Nothing is published."
        return
    yield f"Published, as of {published['as_of']} ({published['as_of_age_days']} days ago)."
    yield f"Release         {published['release']}, {str(published['published_at'])[:16].replace('T', ' ')} UTC"
    whole = "whole" if published["is_intact"] else f"DAMAGED: {published['damage']}"
    yield f"Files           {whole} (checked by {published['checked_by']})"
    if published["files_read"] is not None:
        yield (
            f"Read            {published['rows_read']:,} rows from {published['files_read']:,} files; "
            f"{published['checks_passed']:,} checks passed, {published['warnings']:,} warnings"
        )


def _objects(objects: list[dict[str, Any]]) -> Iterator[str]:
    if objects:
        yield ""
        yield "Newest extracts (age in days as of then; usually so many days between them)"
    for found in objects:
        usual = "" if found["usual_days_between"] is None else f", usually {found['usual_days_between']:g}"
        late = "  LATE" if found["is_late"] else ""
        name = f"{found['system']}.{found['object']}"
        yield (
            f"  {name:<36} {found['newest_extract']}  {found['age_days']:>3} days{usual}{late}; "
            f"{found['rows']:,} rows in {found['files']:,} files"
        )


def _overdue(overdue: list[dict[str, Any]]) -> Iterator[str]:
    if overdue:
        yield ""
        yield "Overdue today"
    for found in overdue:
        name = f"{found['system']}.{found['object']}"
        yield f"  {name:<36} expected by {found['expected_by']}, has not come since {found['newest_extract']}"


def _rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    if rows:
        yield ""
        yield "Rows that are not in the tables (funnelcast quarantine lists them)"
    for row in rows:
        name = f"{row['system']}.{row['object']}"
        yield f"  {name:<36} {row['rejected']:,} rejected, {row['set_aside']:,} set aside"
