"""One row per moment and period that is not over, and part of the company with a quota: how probable it is to reach it.

Belongs here: handing the forecast's law to forecasting/. Does not belong here: the law.
"""

from __future__ import annotations

from typing import Any


def model(dbt: Any, session: Any) -> Any:
    """P(won in the period >= quota), from the mean and the standard deviation of what is still to be won."""
    from forecasting.predictive import probability_of_reaching

    dbt.config(materialized="table")
    law = dbt.ref("int_forecast_combined")
    quota = dbt.ref("int_quota")
    joined = law.set_alias("law").join(
        quota.set_alias("quota"),
        "law.period_type = quota.period_type and law.period_start = quota.period_start"
        " and law.scope = quota.scope and law.scope_id = quota.scope_id",
    )
    columns = "law.made_on, law.period_type, law.period_start, law.scope, law.scope_id"
    numbers = ("quota.quota", "law.won_so_far", "law.mean", "law.standard_deviation")
    frame = joined.project(
        f"{columns}, {', '.join(f'cast({number} as double) as n{place}' for place, number in enumerate(numbers))}"
    ).df()
    frame["probability_of_quota"] = probability_of_reaching(
        *(frame[f"n{place}"].to_numpy(float) for place in range(len(numbers)))
    )
    # Without a row, DuckDB could not tell that these are texts.
    return frame.drop(columns=[f"n{place}" for place in range(len(numbers))]).astype(
        dict.fromkeys(("period_type", "scope", "scope_id"), "str")
    )
