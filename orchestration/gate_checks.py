"""The gate as blocking asset checks: its verdict, check by check, on the assets that publishing depends on.

Belongs here: naming checks to Dagster. Does not belong here: the checks (quality/suites/).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings
from orchestration.resources import GATE, HOME_LOCK
from quality import suites
from quality.thresholds import settle
from quality.verdict import CheckResult

# Suites on raw, staging and accounting are asked after the build, with all others. They block by the table that accounts for
# every file: a check on an asset upstream of dbt would have to be asked before dbt.
CHECK = "gate"
ACCOUNTS = "marts.ops_file"


def gate_checks(settings: Settings) -> dg.AssetChecksDefinition:
    """One blocking check per published table: its suite, and on `ops_file` also those of what it was made from.

    A check per rule would read better still, but Dagster writes the history of each; the rules are in its metadata.
    """
    tables = sorted({_published(check.table) for group in suites.collect(settle(), ()) for check in group.checks})

    @dg.multi_asset_check(
        name="gate",
        specs=[dg.AssetCheckSpec(CHECK, asset=table.split("."), blocking=True) for table in tables],
        required_resource_keys={HOME_LOCK, GATE},
        description="Great Expectations on raw, staging and marts of this build.",
    )
    def judge(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        verdict = context.resources.gate.judge(context.run.run_id, load_sales_process(settings.config).gate)
        passed = sum(result.status == "passed" for result in verdict.checks)
        context.log.info(f"The gate's verdict is {verdict.status}: {passed} of {len(verdict.checks)} checks passed.")
        for table in tables:
            yield _told(table, [result for result in verdict.checks if _published(result.table or ACCOUNTS) == table])

    return judge


def _published(table: str) -> str:
    return table if table.startswith("marts.") else ACCOUNTS


def _told(table: str, results: Sequence[CheckResult]) -> dg.AssetCheckResult:
    """The suite's result; what is not green comes with counts, ids and what to do, never with people's data."""
    not_green = [result for result in results if result.status != "passed"]
    refuses = any(result.refuses for result in not_green)
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=table.split("."),
        passed=not not_green,
        severity=dg.AssetCheckSeverity.ERROR if refuses else dg.AssetCheckSeverity.WARN,
        metadata={
            "passed": [result.check for result in results if result.status == "passed"],
            **{result.check: _finding(result) for result in not_green},
        },
    )


def _finding(result: CheckResult) -> dict[str, Any]:
    return {
        "status": result.status,
        "severity": result.severity,
        "unexpected_rows": result.unexpected_rows,
        "examples": list(result.examples),
        "advice": result.advice,
        **({"error": result.error} if result.error else {}),
    }
