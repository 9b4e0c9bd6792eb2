"""What is remembered of a run that did not publish: one line in the run log, by whatever launched it."""

from datetime import UTC, datetime

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError

from funnelcast import __version__
from funnelcast.errors import GateRefused
from funnelcast.settings import Settings
from publishing.run_log import RunRecord, append_run


def remember_failure(settings: Settings) -> dg.HookDefinition:
    """Make the hook that records a failed step's run as refused or failed."""

    @dg.failure_hook(name="remember_failure")
    def record(context: dg.HookContext) -> None:
        known = context.instance.get_run_record_by_id(context.run_id)
        started_at = known.create_timestamp if known else datetime.now(UTC)
        was_refused = isinstance(context.op_exception, DagsterAssetCheckFailedError | GateRefused)
        append_run(
            settings.home,
            RunRecord(context.run_id, "refused" if was_refused else "failed", started_at, datetime.now(UTC), __version__),
        )

    return record
