"""What is remembered of a run that did not publish: one line in the run log, by whatever launched it.

Dagster calls hooks where it launches the run itself; in a process that raises what a step raised it does not get that far,
and orchestration/run.py remembers the run instead.
"""

from datetime import UTC, datetime

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError

from funnelcast import __version__
from funnelcast.errors import FunnelcastError, GateRefused
from funnelcast.settings import Settings
from publishing.run_log import Outcome, RunRecord, append_run


def remember_failure(settings: Settings) -> dg.HookDefinition:
    """Make the hook that records a failed step's run as refused or failed."""

    @dg.failure_hook(name="remember_failure")
    def record(context: dg.HookContext) -> None:
        known = context.instance.get_run_record_by_id(context.run_id)
        started_at = known.create_timestamp if known else datetime.now(UTC)
        remember(settings, context.run_id, started_at, outcome_of(context.op_exception), reason_of(context.op_exception))

    return record


def outcome_of(error: BaseException | None) -> Outcome:
    """Tell a refusal from a failure."""
    return "refused" if isinstance(error, DagsterAssetCheckFailedError | GateRefused) else "failed"


def reason_of(error: BaseException | None) -> str | None:
    """Our own sentences are written for people; of any other error only its kind is told, since its words may hold data."""
    if error is None:
        return None
    return str(error) if isinstance(error, FunnelcastError) else type(error).__name__


def remember(settings: Settings, run_id: str, started_at: datetime, outcome: Outcome, reason: str | None = None) -> None:
    """Append the run to the run log."""
    record = RunRecord(run_id, outcome, started_at, datetime.now(UTC), __version__, reason=reason)
    append_run(settings.home, record)
