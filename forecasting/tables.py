"""The tables that a fit makes: their columns and types, as every engine knows them. Does not belong here: how they come about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SCHEMA = "forecasting"

_MOMENT = {"made_on": "date", "period_type": "varchar", "period_start": "date"}
_STATE = {"source_system": "varchar", "pipeline": "varchar", "stage": "varchar", "amount_class": "bigint", "age": "bigint"}
_PART = {"scope": "varchar", "scope_id": "varchar"}

# forecasting/risks.py and laws.py say what each column means.
TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "risk": {
            **_MOMENT,
            **_STATE,
            "win_probability": "double",
            "known_ratio": "double",
            "known_square_ratio": "double",
            "unknown_amount": "double",
            "unknown_square": "double",
            "expected_wins": "double",
            "amount_mean": "double",
            "amount_square": "double",
            "basis": "varchar",
            "won_deals": "bigint",
            "closed_deals": "bigint",
            "level_deviation": "double",
        },
        "win_window": {**_STATE, "early_days": "double", "late_days": "double"},
        "law": {
            **_MOMENT,
            **_PART,
            "won_so_far": "double",
            "from_open": "double",
            "from_new": "double",
            "mean": "double",
            "standard_deviation": "double",
            "p10": "double",
            "p50": "double",
            "p90": "double",
            "basis": "varchar",
            "weight_hazard": "double",
            "weight_same_month_last_quarter": "double",
            "weight_moving_average": "double",
            "weight_last_period": "double",
            "weight_same_period_last_year": "double",
            "feedback": "double",
            "spread_scale": "double",
            "replays": "bigint",
            "known_wins": "bigint",
            "known_closes": "bigint",
        },
        "attainment": {**_MOMENT, **_PART, "probability_of_quota": "double"},
    }
)
