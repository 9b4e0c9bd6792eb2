"""The gate as blocking asset checks: its verdict, check by check, on the assets that publishing depends on.

Belongs here: naming checks to Dagster. Does not belong here: the checks (quality/suites/).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings
from orchestration.resources import GATE, HOME_LOCK
from quality import suites
from quality.thresholds import settle
from quality.verdict import CheckResult

# Checks on raw and staging are asked after the build, with all others, and block by the table that accounts for every file.
ACCOUNTS = dg.AssetKey(["marts", "ops_file"])
# Which raw views are checked follows what was delivered; Dagster wants names beforehand, so they are told together.
RAW_VIEWS_CHECK = "rows_of_every_raw_view_are_whole"



def gate_checks(settings: Settings) -> dg.AssetChecksDefinition:
    """One blocking check per rule of the gate; a rule that only warns does not block."""
    names = {check.name: _asset_of(check.table) for group in suites.collect(settle(), ()) for check in group.checks}
    specs = [dg.AssetCheckSpec(name, asset=asset, blocking=True) for name, asset in names.items()]

    @dg.multi_asset_check(
        name="gate",
        specs=[*specs, dg.AssetCheckSpec(RAW_VIEWS_CHECK, asset=ACCOUNTS, blocking=True)],
        required_resource_keys={HOME_LOCK, GATE},
        description="Great Expectations on raw, staging and marts of this build.",
    )
    def judge(context: dg.AssetCheckExecutionContext) -> Iterator[Any]:
        thresholds = load_sales_process(settings.config).gate
        verdict = context.resources.gate.judge(context.run.run_id, thresholds)
        raw_views = [result for result in verdict.checks if result.check not in names]
        passed = sum(result.status == "passed" for result in verdict.checks)
        context.log.info(f"The gate's verdict is {verdict.status}: {passed} of {len(verdict.checks)} checks passed.")
        for result in verdict.checks:
            if result.check in names:
                yield _told(result, names[result.check])
        yield _together(raw_views)

    return judge


def _asset_of(table: str) -> dg.AssetKey:
    schema, name = table.split(".")
    return dg.AssetKey([schema, name]) if schema == "marts" else ACCOUNTS


def _told(result: CheckResult, asset: dg.AssetKey) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=result.check,
        asset_key=asset,
        passed=result.status == "passed",
        severity=dg.AssetCheckSeverity.ERROR if result.severity == "refuse" else dg.AssetCheckSeverity.WARN,
        description=result.description,
        metadata={} if result.status == "passed" else _finding(result),
    )


def _together(results: Iterable[CheckResult]) -> dg.AssetCheckResult:
    red = [result for result in results if result.refuses]
    return dg.AssetCheckResult(
        check_name=RAW_VIEWS_CHECK,
        asset_key=ACCOUNTS,
        passed=not red,
        metadata={result.check: result.error or result.advice for result in red},
    )


def _finding(result: CheckResult) -> dict[str, Any]:
    """Counts, ids and what to do: never people's data."""
    return {
        "status": result.status,
        "unexpected_rows": result.unexpected_rows,
        "examples": list(result.examples),
        "advice": result.advice,
        **({"error": result.error} if result.error else {}),
    }
