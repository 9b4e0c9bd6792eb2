"""What the dbt Python models share: the tables they read, put together. Does not belong here: reading them, or statistics."""

from __future__ import annotations

import pandas as pd

from forecasting.frames import History, history, ordinals


def counted(
    *,
    run: pd.DataFrame,
    cell: pd.DataFrame,
    stage: pd.DataFrame,
    exposure: pd.DataFrame,
    exit_day: pd.DataFrame,
    arrival: pd.DataFrame,
    move: pd.DataFrame,
    amount: pd.DataFrame,
) -> History:
    """All counts of a company, from the tables config.run, int_stage and int_forecast_cell, _exposure, _exit, _arrival, _move,
    _amount."""
    stage = stage[stage["is_open"].astype(bool)].sort_values(["source_system", "pipeline", "stage_order", "stage"])
    return history(
        exposure=exposure,
        exit_day=exit_day,
        arrival=arrival,
        move=move,
        amount=amount,
        stage=stage,
        first_day=int(ordinals(cell["cell_start"]).min()),
        end=int(ordinals(cell["cell_end"]).max()) + 1,
        fiscal_year_start_month=int(run["fiscal_year_start_month"].iloc[0]),
    )
