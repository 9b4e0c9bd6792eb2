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
    "Finished runs of this home up to the one that published this release. One row per run.",
    (
        ("run_id", "VARCHAR", "The run, as Dagster knows it."),
        ("as_of", "DATE", "The day whose end its tables tell of; null if it ended before that was known."),
        ("outcome", "VARCHAR", "What became of it: published, refused, failed, nothing_new or cancelled."),
        ("started_at", "TIMESTAMP", "When it started (UTC)."),
        ("finished_at", "TIMESTAMP", "When it finished (UTC)."),
        ("files_read", "BIGINT", "Delivered files that its tables were made of."),
        ("rows_read", "BIGINT", "Rows in those files."),
        (
            "rows_set_aside",
            "BIGINT",
            "Of these, rows that could be read but break a rule of their object, or contradict others.",
        ),
        ("rows_quarantined", "BIGINT", "Of these, rows that could not be read."),
        ("checks_passed", "BIGINT", "Checks of the gate that passed."),
        ("checks_failed", "BIGINT", "Checks of the gate that failed or could not be run, warnings included."),
        ("version", "VARCHAR", "The version of Funnelcast that ran."),
    ),
)
OPS_CHECK = RunTable(
    "ops_check",
    "What the gate checked before it let this release through. One row per check.",
    (
        ("run_id", "VARCHAR", "The run whose build was checked."),
        ("check_name", "VARCHAR", "The check."),
        ("table_name", "VARCHAR", "The table it looks at."),
        ("check_group", "VARCHAR", "The group of checks it belongs to."),
        ("severity", "VARCHAR", "What a failure does: refuse (nothing is published) or warn."),
        ("status", "VARCHAR", "passed, failed, or errored (it could not be run)."),
        ("unexpected_rows", "BIGINT", "Rows that break it; null if it is not about rows."),
        ("total_rows", "BIGINT", "Rows it looked at; null if it is not about rows."),
        ("description", "VARCHAR", "What it makes sure of."),
        ("advice", "VARCHAR", "What to do when it fails."),
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
