"""What the tools of the stack read from the environment: where they write, and that they report to nobody.

Belongs here: variables of Dagster, dbt and Great Expectations. Does not belong here: our own settings.
"""

from __future__ import annotations

import os
from pathlib import Path

from funnelcast.errors import UnwritableHome
from funnelcast.landing_place import RemoteFolder
from funnelcast.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT / "dbt_project"

# Compute logs would copy what the steps print; telemetry would tell others that we exist.
_DAGSTER_YAML = """\
telemetry:
  enabled: false
run_storage:
  module: dagster._core.storage.runs
  class: SqliteRunStorage
  config:
    base_dir: {home}/history
event_log_storage:
  module: orchestration.event_log
  class: KeptOpenSqliteEventLogStorage
  config:
    base_dir: {home}/history
schedule_storage:
  module: dagster._core.storage.schedules
  class: SqliteScheduleStorage
  config:
    base_dir: {home}/schedules
run_monitoring:
  enabled: false
"""


def prepare(settings: Settings) -> None:
    """Make home's folders and set the environment of this process and its children.

    Raises `UnwritableHome` if one of them cannot be written.
    """
    folders = (settings.home, settings.raw, settings.build, settings.logs, settings.dbt_target, settings.dagster_home)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableHome(folder, error) from error
    try:
        config = settings.dagster_home / "dagster.yaml"
        config.write_text(_DAGSTER_YAML.format(home=settings.dagster_home), encoding="utf-8")
    except OSError as error:
        raise UnwritableHome(settings.dagster_home, error) from error
    os.environ.update(environment(settings))


def environment(settings: Settings) -> dict[str, str]:
    """The variables under which the tools of the stack stay below home and silent. Ours tell child processes the settings."""
    ours = {
        "FUNNELCAST_HOME": str(settings.home),
        "FUNNELCAST_LANDING": _landing(settings),
        "FUNNELCAST_BUILD_DATABASE": str(settings.build_database),
        "FUNNELCAST_MODELS_MEMORY": settings.duckdb_memory,
    }
    if settings.memory_limit is not None:
        ours["FUNNELCAST_MEMORY_LIMIT"] = settings.memory_limit
    if settings.config is not None:
        ours["FUNNELCAST_CONFIG"] = str(settings.config)
    return {
        **ours,
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DBT_TARGET_PATH": str(settings.dbt_target),
        "DBT_LOG_PATH": str(settings.logs),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        # The forecast's matrices are small: threads cost more than they bring, and sum in another order.
        "OPENBLAS_NUM_THREADS": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }


def _landing(settings: Settings) -> str:
    """As a child process must be told of it; where it is shown it is shown without what may be secret."""
    return settings.landing.url if isinstance(settings.landing, RemoteFolder) else str(settings.landing)
