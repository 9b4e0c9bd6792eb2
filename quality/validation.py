"""Hand checks to Great Expectations, and bring back what each found, by its name.

Belongs here: everything that speaks Great Expectations: its context, data source, suites, checkpoints,
results, Data Docs.
Does not belong here: what is checked (suites/), what the results mean for the build (gate.py, verdict.py).

Importing this module takes seconds, because Great Expectations does. Its telemetry and progress bars are off.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quality.deferred_import import defer_unused

# Read when Great Expectations is imported.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
with warnings.catch_warnings():
    defer_unused()
    warnings.simplefilter("ignore")  # Its own deprecations, on import; nothing a user can act on.
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.datasource.fluent.sql_datasource import QueryAsset, SQLDatasource

from quality import duckdb_dialect
from quality.build_database import limited, quoted
from quality.checks import Check, Group
from quality.data_docs import site_config, without_remote_images
from quality.redaction import in_short

SITE = "gate"
WHOLE_TABLE = "whole table"
# Counts only: a list of unexpected values would put people's data into the results and Data Docs.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}

# Each suite's result, as Great Expectations made it.
ResultsByKey = dict[Any, Any]


@dataclass(frozen=True)
class Outcome:
    """What Great Expectations said of one check: held or not, how many rows broke it, or why it could not be
    asked."""

    held: bool
    unexpected_rows: int | None = None
    error: str | None = None


@dataclass
class Validation:
    """One build database under validation."""

    context: Any
    source: Any
    build_id: str
    docs_dir: Path
    results: ResultsByKey = field(default_factory=dict)

    def run(self, group: Group) -> dict[str, Outcome]:
        """Run a group's checks as one checkpoint; every check of the group is in the answer, by name.

        The group's tables must exist; a missing column is told as the error of the checks that need it.
        """
        definitions = [self._definition(group, table) for table in group.tables()]
        checkpoint = self.context.checkpoints.add(
            gx.Checkpoint(name=group.name, validation_definitions=definitions, result_format=RESULT_FORMAT)
        )
        checkpoint_result = checkpoint.run(run_id=RunIdentifier(run_name=self.build_id))
        self.results.update(checkpoint_result.run_results)
        found = [result for suite in checkpoint_result.run_results.values() for result in suite.results]
        # Results come in an order of their own: only the name says which check one belongs to.
        outcomes = {result.expectation_config.meta["check"]: _outcome(result) for result in found}
        unanswered = Outcome(held=False, error="Great Expectations returned no result for this check.")
        return {check.name: outcomes.get(check.name, unanswered) for check in group.checks}

    def write_docs(self, sayings: Mapping[str, str]) -> None:
        """Write Data Docs, where each check reads as its entry in `sayings` (by name)."""
        store = self.context.validation_results_store
        for key, suite_result in self.results.items():
            for result in suite_result.results:
                saying = sayings[result.expectation_config.meta["check"]]
                # A dollar sign starts a placeholder in Great Expectations' templates.
                result.expectation_config.description = saying.replace("$", "$$")
                error = _first_error(result.exception_info)
                if error is not None:
                    # A database's errors quote the values that they stumble over: the pages get what is told.
                    result.exception_info = {
                        "raised_exception": True,
                        "exception_message": error,
                        "exception_traceback": error,
                    }
            store.set(key, suite_result)
        self.context.build_data_docs()
        without_remote_images(self.docs_dir)

    def _definition(self, group: Group, table: str) -> Any:
        name = f"{group.name}__{table.replace('.', '__')}"
        batch = self.source.get_asset(table).get_batch_definition(WHOLE_TABLE)
        checks = (check for check in group.checks if check.table == table)
        suite = self.context.suites.add(
            gx.ExpectationSuite(name=name, expectations=[_expectation(check) for check in checks])
        )
        definition = gx.ValidationDefinition(name=name, data=batch, suite=suite)
        return self.context.validation_definitions.add(definition)


@contextmanager
def validating(
    database: Path, tables: Iterable[str], build_id: str, docs_dir: Path, memory: str | None = None
) -> Iterator[Validation]:
    """Open tables of a build database read-only for Great Expectations; closed again when done.

    The tables must exist.
    """
    duckdb_dialect.install()
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            data_docs_sites={SITE: site_config(docs_dir)},
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    # All tables at once: each one added later would write the whole configuration out again.
    source = context.data_sources.add_sql(
        SQLDatasource(
            name="build",
            connection_string=f"duckdb:///{database}",
            kwargs={"connect_args": {"read_only": True, "config": limited(memory)}},
            assets=[_asset(table) for table in tables],
        )
    )
    try:
        yield Validation(context, source, build_id, docs_dir)
    finally:
        _let_go(source)


def _asset(table: str) -> Any:
    # As a query, because a table asset cannot name a schema on this dialect.
    whole = BatchDefinition(name=WHOLE_TABLE)
    return QueryAsset(name=table, query=f"select * from {quoted(table)}", batch_definitions=[whole])


def _let_go(source: Any) -> None:
    engine = source.get_execution_engine()
    if engine._connection is not None:
        engine._connection.close()
        engine._connection = None
    engine.engine.dispose()
    source.get_engine().dispose()


def _expectation(check: Check) -> Any:
    make = getattr(gxe, check.rule.expectation)
    return make(
        **check.rule.arguments,
        description=check.description,
        notes=check.advice,
        severity="critical" if check.severity == "refuse" else "warning",
        meta={"check": check.name},
    )


def _outcome(result: Any) -> Outcome:
    error = _first_error(result.exception_info)
    if error is not None:
        return Outcome(held=False, error=error)
    content = result.result
    unexpected = content.get("unexpected_count", content.get("observed_value"))
    return Outcome(held=bool(result.success), unexpected_rows=_count(result, unexpected))


def _count(result: Any, unexpected: Any) -> int | None:
    """The number of offending rows; None for expectations about a table as a whole, whose observation is not
    one."""
    if result.expectation_config.type == "expect_table_row_count_to_be_between":
        return None
    return int(unexpected) if unexpected is not None else None


def _first_error(exception_info: Mapping[str, Any] | None) -> str | None:
    """Read both shapes of `exception_info`: one exception, or one for each metric that was not computed."""
    if not exception_info:
        return None
    is_single = "raised_exception" in exception_info
    each: Iterable[Any] = [exception_info] if is_single else exception_info.values()
    messages = [info.get("exception_message") for info in each if info.get("raised_exception")]
    return in_short(messages[0] or "an exception without a message") if messages else None
