"""One row per forecast's moment, period and state of open deals (stage, class of amount, age), or class of deals to come (age null).

It tells the probability to be won in the period, or how many wins are expected, and at what amounts. Statistics: forecasting/risks.py.
"""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:
    """Fit what was known at each moment, and carry it forward."""
    dbt.config(materialized="table")
    from forecasting.models import counted
    from forecasting.risks import risks, with_life

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
    moment = dbt.ref("int_forecast_moment").df().sort_values(["made_on", "period_type", "period_start"])
    return risks(history, with_life(moment))
