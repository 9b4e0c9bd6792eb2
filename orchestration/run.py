"""One nightly run through Dagster's job, in this process, and what came of it.

Belongs here: launching, and telling a refusal from a failure. Does not belong here: printing (command/cli.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError, DagsterExecutionInterruptedError

from funnelcast.errors import FunnelcastError, GateRefused
from funnelcast.settings import Settings
from orchestration.definitions import JOB, build_defs
from orchestration.failures import outcome_of, reason_of, remember
from orchestration.gate_worker import GateWorker

# Under these names Dagster's own user interface finds the run's job, assets and checks.
_REPOSITORY_TAG = {".dagster/repository": "__repository__@orchestration.definitions"}


class RunFailed(FunnelcastError):
    """The run ended before there was a verdict; what is published is unchanged."""


class RunCancelled(FunnelcastError):
    """Somebody stopped the run; what is published is unchanged."""

    leaves_work_behind = True


def run_nightly(settings: Settings, gate: GateWorker | None = None) -> str:
    """Run the job and return the run's id once it has published. ``gate`` is one already started, if any.

    Raises `GateRefused` when the gate or the landing refused (the verdict's file says why), the `FunnelcastError` that
    a step raised, `RunCancelled` after SIGINT or SIGTERM, and `RunFailed` for everything else.
    """
    started_at = datetime.now(UTC)
    run_id = str(uuid.uuid4())
    job = build_defs(settings, gate=gate).resolve_job_def(JOB)
    with dg.DagsterInstance.get() as instance:
        try:
            result = job.execute_in_process(
                instance=instance, run_id=run_id, tags=_REPOSITORY_TAG, run_config={"loggers": {"console": {}}}
            )
        except DagsterAssetCheckFailedError as error:
            remember(settings, run_id, started_at, outcome_of(error))
            raise GateRefused("The gate refused.") from error
        except (DagsterExecutionInterruptedError, KeyboardInterrupt) as error:
            _mark_cancelled(instance, run_id)
            remember(settings, run_id, started_at, "cancelled")
            raise RunCancelled(
                "The run was stopped; what is published is unchanged, and the next run starts anew."
            ) from error
        except Exception as error:
            known = next((cause for cause in _causes(error) if isinstance(cause, FunnelcastError)), None)
            remember(settings, run_id, started_at, outcome_of(known), reason_of(known or error))
            if known is not None:
                raise known from error
            raise RunFailed(f"The run failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}") from error
    return result.run_id


def _mark_cancelled(instance: dg.DagsterInstance, run_id: str) -> None:
    """Dagster knows of cancelling only from its own user interface; a signal is a failure to it."""
    run = instance.get_run_by_id(run_id)
    if run is not None:
        instance.report_run_canceled(run, message="The run was stopped by a signal.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
