"""One row per forecast's moment, period and part of the company: the risks' forecast combined with the naive ones by their
records, and how wide the
result is. Statistics: forecasting/laws.py. int_forecast_combined has the same as money."""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:
    """Weigh the methods by what each said of periods that were over at each moment."""
    dbt.config(materialized="table")
    from forecasting.combination import CombinationSettings
    from forecasting.laws import laws

    won = dbt.ref("int_forecast_won_then").df()
    return laws(
        dbt.ref("int_forecast_moment").df(),
        dbt.ref("int_forecast_hazard").df(),
        dbt.ref("int_forecast_naive").df(),
        won[["period_type", "period_start", "known_from", "known_until", "amount"]],
        CombinationSettings(),
    )
