"""The two tables that publishing adds to those of the build: the runs so far, and what the gate checked.

Belongs here: their columns, descriptions and rows. Does not belong here: writing them (bundle.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from publishing.run_log import RunRecord
from quality.verdict import Verdict


@dataclass(frozen=True)
class RunTable:
    """A table that publishing adds: its description, and its columns with type and description."""

    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]


OPS_RUN = RunTable(
    "ops_run",
    "One row per finished run of this home, up to the one that published this release.",
    (
        ("run_id", "VARCHAR", "Id of the run in Dagster."),
        (
            "as_of",
            "DATE",
            "As-of date of the run: the last day that its tables know of. Null where it ended before that was known.",
        ),
        ("outcome", "VARCHAR", "What became of the run: published, refused, failed, nothing_new or cancelled."),
        ("started_at", "TIMESTAMP", "When the run started (UTC)."),
        ("finished_at", "TIMESTAMP", "When the run finished (UTC)."),
        ("files_read", "BIGINT", "Number of delivered files that the run's tables were made of."),
        ("rows_read", "BIGINT", "Number of rows in those files."),
        (
            "rows_set_aside",
            "BIGINT",
            "Of rows_read: number that could be read, but break a rule of their object or contradict others.",
        ),
        ("rows_quarantined", "BIGINT", "Of rows_read: number that could not be read."),
        ("checks_passed", "BIGINT", "Number of checks of the gate that passed."),
        ("checks_failed", "BIGINT", "Number of checks of the gate that failed or could not be run, warnings included."),
        ("version", "VARCHAR", "The version of Funnelcast that ran."),
    ),
)
OPS_CHECK = RunTable(
    "ops_check",
    "One row per check of the gate on this release: what it looked at, and whether it passed.",
    (
        ("run_id", "VARCHAR", "Id of the run whose build was checked, as in ops_run."),
        ("check_name", "VARCHAR", "Name of the check, as in the gate's suites."),
        ("table_name", "VARCHAR", "Name of the table that the check looks at."),
        ("check_group", "VARCHAR", "Group that the check belongs to."),
        ("severity", "VARCHAR", "What a failure of the check does: refuse (nothing is published) or warn."),
        ("status", "VARCHAR", "Result of the check: passed, failed or errored (it could not be run)."),
        ("unexpected_rows", "BIGINT", "Number of rows that break the check. Null where it is not about rows."),
        ("total_rows", "BIGINT", "Number of rows that the check looked at. Null where it is not about rows."),
        ("description", "VARCHAR", "What the check makes sure of, in words."),
        ("advice", "VARCHAR", "What to do when the check fails."),
    ),
)
RUN_TABLES = (OPS_RUN.name, OPS_CHECK.name)


def run_rows(runs: Iterable[RunRecord]) -> list[dict[str, Any]]:
    """The rows of `ops_run`."""
    return [_run_row(run) for run in runs]


def check_rows(verdict: Verdict, run_id: str) -> list[dict[str, Any]]:
    """The rows of `ops_check`."""
    return [
        {
            "run_id": run_id,
            "check_name": check.check,
            "table_name": check.table,
            "check_group": check.group,
            "severity": check.severity,
            "status": check.status,
            "unexpected_rows": check.unexpected_rows,
            "total_rows": check.total_rows,
            "description": check.description,
            "advice": check.advice,
        }
        for check in verdict.checks
    ]


def _run_row(run: RunRecord) -> dict[str, Any]:
    times = {
        name: getattr(run, name).astimezone(UTC).replace(tzinfo=None).isoformat() for name in ("started_at", "finished_at")
    }
    return {**run.to_json(), **times}
