"""One row per forecast's moment, period and state (stage, class of amount, age) of open deals, or (age null) class of deals to
come: the
probability to be won in the period, or how many wins are expected, and at what amounts. Statistics: forecasting/risks.py."""


def model(dbt, session):  # type: ignore[no-untyped-def]
    """Fit what was known at each moment, and carry it forward."""
    dbt.config(materialized="table")
    from forecasting.frames import history, ordinals
    from forecasting.risks import risks

    run = dbt.source("config", "run").df()
    cell = dbt.ref("int_forecast_cell").df()
    stage = dbt.ref("int_stage").df()
    stage = stage[stage["is_open"]].sort_values(["source_system", "pipeline", "stage_order", "stage"])
    counted = history(
        exposure=dbt.ref("int_forecast_exposure").df(),
        exit_day=dbt.ref("int_forecast_exit").df(),
        arrival=dbt.ref("int_forecast_arrival").df(),
        move=dbt.ref("int_forecast_move").df(),
        amount=dbt.ref("int_forecast_amount").df(),
        stage=stage,
        first_day=int(ordinals(cell["cell_start"]).min()),
        end=int(ordinals(cell["cell_end"]).max()) + 1,
        fiscal_year_start_month=int(run["fiscal_year_start_month"][0]),
    )
    moment = dbt.ref("int_forecast_moment").df().sort_values(["made_on", "period_type", "period_start"])
    return risks(counted, moment)
