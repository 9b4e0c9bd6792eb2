"""One row per state (stage, class of amount, age) of deals that are open now: in how many days one that is won is likely to be.
Statistics: forecasting/risks.py."""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:
    """Fit what is known now."""
    dbt.config(materialized="table")
    from forecasting.frames import ordinals
    from forecasting.models import counted
    from forecasting.risks import windows

    history = counted(
        run=dbt.source("config", "run").df(),
        cell=dbt.ref("int_forecast_cell").df(),
        stage=dbt.ref("int_stage").df(),
        exposure=dbt.ref("int_forecast_exposure").df(),
        exit_day=dbt.ref("int_forecast_exit").df(),
        arrival=dbt.ref("int_forecast_arrival").df(),
        move=dbt.ref("int_forecast_move").df(),
        amount=dbt.ref("int_forecast_amount").df(),
    )
    return windows(history, int(ordinals(dbt.source("config", "run").df()["as_of"])[0]) + 1)
