"""The forecast's fits, each between two builds of one night: small tables out of the build database, small tables into it.

Belongs here: reading, writing, and what a fit that fails is called. Does not belong here: statistics (forecasting/), or which models
wait for them (dbt_build.py).
"""

from __future__ import annotations

import os

import duckdb

from forecasting.steps import Step
from forecasting.tables import SCHEMA, TABLES
from funnelcast.errors import FunnelcastError
from funnelcast.settings import Settings
from quality.build_database import limited


class FitFailed(FunnelcastError):
    """The forecast could not be fitted: a fault of ours, never of a single row. All that does not wait for it is built."""


def fit(step: Step, settings: Settings) -> None:
    """Make a step's tables in the build database. Raises `FitFailed`, with the name of the step."""
    try:
        with duckdb.connect(
            str(settings.build_database), config=limited(os.environ.get("FUNNELCAST_MODELS_MEMORY"))
        ) as connection:
            fill(step, connection)
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise FitFailed(
            f"The forecast's {step.name} could not be fitted ({said}); every table that does not need them was built, "
            "and what is published is unchanged"
        ) from error


def fill(step: Step, connection: duckdb.DuckDBPyConnection) -> None:
    """Put what a step makes into its tables, in place of what is there."""
    read = {name.split(".")[1]: connection.table(name).df() for name in step.reads}
    for name, frame in step.made(read).items():
        columns = ", ".join(TABLES[name])
        connection.execute(f"delete from {SCHEMA}.{name}")
        # Columns of no rows have no types.
        if len(frame):
            connection.register("fitted", frame[list(TABLES[name])])
            connection.execute(f"insert into {SCHEMA}.{name} ({columns}) select {columns} from fitted")
            connection.unregister("fitted")
