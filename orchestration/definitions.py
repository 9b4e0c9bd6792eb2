"""The graph: what Dagster loads. `build_defs` makes it for any settings, so that tests build the real one on a home of theirs."""

import logging
import os
import sys
from collections.abc import Sequence

import dagster as dg

from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings, load_settings
from ingestion.in_use import systems_in_use
from ingestion.systems import SYSTEMS
from orchestration.assets import landing_assets, model_assets, published_asset
from orchestration.dbt_build import manifest_path
from orchestration.environment import prepare
from orchestration.failures import remember_failure
from orchestration.gate_checks import gate_checks
from orchestration.gate_worker import GateWorker
from orchestration.resources import resources
from publishing.inputs import is_nothing_new
from publishing.status import what_is_overdue

JOB = "nightly"
# After midnight exports have settled, and before anyone is at work.
NIGHTLY_AT = "0 4 * * *"


def build_defs(
    settings: Settings, cron: str = NIGHTLY_AT, gate: GateWorker | None = None, systems: Sequence[str] | None = None
) -> dg.Definitions:
    """The assets, blocking checks, the one job and its schedule, for these settings.

    ``gate`` is one already started, if any; ``systems`` are those that the graph shall know, by default those in use now.
    """
    prepare(settings)
    if systems is None:
        systems = systems_in_use(load_sales_process(settings.config), settings.raw, settings.landing)
    models = model_assets(settings, manifest_path(settings, systems), systems)
    marts = [key for key in models.keys if key.path[0] == "marts"]
    nightly = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        # Steps share the gate's process and dbt's imports; a step in a process of its own pays for them again.
        executor_def=dg.in_process_executor,
        hooks={remember_failure(settings)},
        description="Landing → raw → dbt → gate → publish.",
    )
    return dg.Definitions(
        assets=[landing_assets(settings, systems), models, published_asset(settings, marts)],
        asset_checks=[gate_checks(settings)],
        jobs=[nightly],
        schedules=[_schedule(settings, cron)],
        resources=resources(settings, gate),
        loggers={"console": console},
    )


def _schedule(settings: Settings, cron: str) -> dg.ScheduleDefinition:
    def evaluate(_: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_nothing_new(settings, load_sales_process(settings.config)):
            late = what_is_overdue(settings)
            return dg.SkipReason("Nothing new was delivered, and what is published is whole." + (f" {late}" if late else ""))
        return dg.RunRequest()

    return dg.ScheduleDefinition(
        name="every_night",
        job_name=JOB,
        cron_schedule=cron,
        execution_timezone=load_sales_process(settings.config).company.timezone,
        execution_fn=evaluate,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


class _Words(logging.Formatter):
    """A message as it was said, without the run and step that Dagster puts before it."""

    def format(self, record: logging.LogRecord) -> str:
        record.msg = getattr(record, "dagster_meta", {}).get("orig_message", record.msg)
        return super().format(record)


@dg.logger(config_schema=None, description="What a person wants to see of a run: our own words, not Dagster's bookkeeping.")
def console(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("funnelcast", logging.INFO)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Words("%(asctime)s  %(message)s", "%H:%M:%S"))
    handler.addFilter(lambda record: not getattr(record, "dagster_meta", {}).get("dagster_event"))
    logger.addHandler(handler)
    return logger


@dg.definitions
def defs() -> dg.Definitions:
    """What a code location serves: the settings come from the environment. It lives on when a new system's first extract comes."""
    return build_defs(load_settings(), os.environ.get("FUNNELCAST_SCHEDULE", NIGHTLY_AT), systems=sorted(SYSTEMS))
