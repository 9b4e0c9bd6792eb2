"""The gate: ask every check of a build, and give the verdict.

Belongs here: the order of things (what is there, the checks, examples for the red ones, digests, Data Docs).
Does not belong here: Great Expectations' own words (validation.py), the checks (suites/), the process
(worker.py).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb

from quality import build_database, suites
from quality.checks import Check, Group
from quality.digests import table_digests
from quality.redaction import in_short
from quality.side_by_side import in_a_fork
from quality.thresholds import settle
from quality.validation import Outcome, ResultsByKey, Validation, validating
from quality.verdict import CheckResult, Status, Verdict, decide

PUBLISHED_SCHEMA = "marts"


@dataclass(frozen=True)
class GateRequest:
    """Which build to judge, and where to say so."""

    database: Path
    build_id: str
    verdict_file: Path
    docs_dir: Path
    thresholds: Mapping[str, float]
    # What DuckDB may take in each of the processes that ask; None: what it thinks fit.
    memory: str | None = None


def run_gate(request: GateRequest, decided: Callable[[Verdict], None] = lambda _: None) -> Verdict:
    """Judge a build. Returns the verdict without writing it; writes Data Docs to the request's `docs_dir`.

    `decided` is told the verdict before the docs are written: nobody has to wait for pages to go on.
    """
    thresholds = settle(request.thresholds)
    with build_database.opened(request.database, request.memory) as connection:
        present = build_database.tables(connection)
        groups = suites.collect(thresholds, build_database.delivered_objects(connection))
        totals = build_database.row_counts(connection, _tables(groups, present))
    # Every other group: halves that take equally long, within a tenth.
    ours, theirs = groups[::2], groups[1::2]
    with (
        in_a_fork(partial(_ask_elsewhere, request, theirs, present)) as wait_for_theirs,
        in_a_fork(partial(_digest, request.database, request.memory)) as wait_for_digests,
    ):
        validation, outcomes = _ask_all(request, ours, present)
        outcomes_of_theirs, results_of_theirs = wait_for_theirs()
        outcomes |= outcomes_of_theirs
        validation.results |= results_of_theirs
        with build_database.opened(request.database, request.memory) as connection:
            results = tuple(
                _result(connection, group.name, check, outcomes[group.name][check.name], totals)
                for group in groups
                for check in group.checks
            )
        status = decide(results)
        # What is errored is never published, and may hold tables that cannot be read.
        digests = wait_for_digests() if status != "errored" else {}
    verdict = Verdict(request.build_id, status, results, digests, _now())
    decided(verdict)
    validation.write_docs({result.check: saying(result) for result in results})
    return verdict


def crashed(build_id: str, error: BaseException) -> Verdict:
    """The verdict of a gate that could not do its work: errored, which says nothing about the data."""
    result = CheckResult(
        check="the_gate_ran",
        table="",
        group="gate",
        severity="refuse",
        status="errored",
        unexpected_rows=None,
        total_rows=None,
        examples=(),
        description="The gate looked at the build and came to a verdict.",
        advice="The data may be fine: repair what the error names, then run again.",
        error=in_short("".join(traceback.format_exception_only(error))),
    )
    return Verdict(build_id, decide([result]), (result,), {}, _now())


def saying(result: CheckResult) -> str:
    """One paragraph about a check's result, for a person."""
    if result.status == "passed":
        return result.description
    if result.status == "errored":
        return f"{result.description} Could not be checked: {result.error} {result.advice}"
    rows = f"{result.unexpected_rows} rows of {result.total_rows}. " if result.unexpected_rows is not None else ""
    shown = f"For example {', '.join(result.examples)}. " if result.examples else ""
    return f"{result.description} Not so: {rows}{shown}{result.advice}"


def ask(validation: Validation, group: Group, present: frozenset[str]) -> dict[str, Outcome]:
    """Put a group's checks to Great Expectations; a missing table makes its own checks errored, and no others."""
    outcomes = {
        check.name: Outcome(held=False, error=f"There is no table {check.table} in the build.")
        for check in group.checks
        if check.table not in present
    }
    askable = replace(group, checks=tuple(check for check in group.checks if check.table in present))
    if askable.checks:
        try:
            outcomes |= validation.run(askable)
        except Exception as error:  # noqa: BLE001 - told as errored: one group must not silence the others
            message = f"Great Expectations stopped: {in_short(str(error))}"
            outcomes |= {check.name: Outcome(held=False, error=message) for check in askable.checks}
    return outcomes


def _ask_all(
    request: GateRequest, groups: Sequence[Group], present: frozenset[str]
) -> tuple[Validation, dict[str, dict[str, Outcome]]]:
    tables = _tables(groups, present)
    with validating(request.database, tables, request.build_id, request.docs_dir, request.memory) as validation:
        return validation, {group.name: ask(validation, group, present) for group in groups}


def _ask_elsewhere(
    request: GateRequest, groups: Sequence[Group], present: frozenset[str]
) -> tuple[dict[str, dict[str, Outcome]], ResultsByKey]:
    """What can be handed from process to process: a validation holds connections, its results do not."""
    validation, outcomes = _ask_all(request, groups, present)
    return outcomes, validation.results


def _digest(database: Path, memory: str | None) -> dict[str, str]:
    with build_database.opened(database, memory) as connection:
        return table_digests(connection, PUBLISHED_SCHEMA)


def _tables(groups: Sequence[Group], present: frozenset[str]) -> list[str]:
    """The tables that these groups look at, if they are there."""
    return sorted({table for group in groups for table in group.tables()} & present)


def _result(
    connection: duckdb.DuckDBPyConnection,
    group: str,
    check: Check,
    outcome: Outcome,
    totals: Mapping[str, int],
) -> CheckResult:
    status: Status = "errored" if outcome.error is not None else "passed" if outcome.held else "failed"
    return CheckResult(
        check=check.name,
        table=check.table,
        group=group,
        severity=check.severity,
        status=status,
        unexpected_rows=outcome.unexpected_rows if status != "errored" else None,
        total_rows=totals.get(check.table),
        examples=build_database.examples(connection, check) if status == "failed" else (),
        description=check.description,
        advice=check.advice,
        error=outcome.error,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
