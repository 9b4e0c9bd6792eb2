"""What must hold before a build may be published: the gate's verdict, on this very build, on these very
tables.

Belongs here: the demands and the sentence for each that is not met.
Does not belong here: the checks of the data (quality/), or what happens once all demands are met
(release.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from publishing.build import Build, read_build
from publishing.bundle import WrittenTable
from publishing.errors import PublishRefused
from publishing.layout import SCHEMA
from publishing.run_tables import RUN_TABLES
from quality.verdict import UnreadableVerdictError, Verdict


def demand_verdict(verdict_file: Path, run_id: str) -> Verdict:
    """Return the gate's verdict, which must have passed the build of this run."""
    try:
        verdict = Verdict.read(verdict_file)
    except UnreadableVerdictError as error:
        raise PublishRefused(f"Nothing was published, for want of the gate's verdict on run {run_id}: {error}") from error
    if verdict.build_id != run_id:
        raise PublishRefused(
            f"Nothing was published: the gate's verdict is on build {verdict.build_id}, not on that of run"
            f" {run_id}; run the whole nightly job, its checks included."
        )
    if verdict.status == "errored":
        raise PublishRefused(
            f"Nothing was published: the gate could not finish its checks of run {run_id}, so nobody knows"
            f" whether its tables can be trusted; mend what stopped it and run again."
        )
    if verdict.status != "passed":
        raise PublishRefused(f"Nothing was published: the gate refused the tables of run {run_id}.")
    return verdict


def demand_build(build_database: Path, run_id: str) -> Build:
    """Return what the build database says of itself, which must be that it belongs to this run."""
    if not build_database.is_file():
        raise PublishRefused(f"Nothing was published: the build of run {run_id} is gone ({build_database}).")
    try:
        build = read_build(build_database)
    except (duckdb.Error, IndexError) as error:
        # IndexError: config.run has no row, so the build was never finished.
        raise PublishRefused(
            f"Nothing was published: the build of run {run_id} cannot be read ({str(error).splitlines()[0]}); run again."
        ) from error
    if build.build_id != run_id:
        raise PublishRefused(
            f"Nothing was published: {build_database} holds the build of {build.build_id}, not that of run {run_id}."
        )
    return build


def demand_same_content(tables: Mapping[str, WrittenTable], verdict: Verdict) -> None:
    """Demand that what was written is what the gate judged: the same tables, with the same content."""
    written = {name: table.digest for name, table in tables.items() if name not in RUN_TABLES}
    differing = written.items() ^ verdict.table_digests.items()
    if differing or not written:
        raise PublishRefused(
            f"Nothing was published: the tables are not those that the gate judged"
            f" ({_named(name for name, _ in differing) or 'there are none'}); run again."
        )
    unequal = [name for name, table in tables.items() if not table.is_same_in_parquet]
    if unequal:
        raise PublishRefused(
            f"Nothing was published: the Parquet files do not hold what the gate judged ({_named(unequal)});"
            f" a column type that Parquet does not know, such as HUGEINT, must be cast in its model."
        )


def _named(tables: Iterable[str]) -> str:
    return ", ".join(f"{SCHEMA}.{table}" for table in sorted(set(tables)))
