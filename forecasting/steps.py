"""The two times that a build stops for statistics: which tables each reads, and which it makes (tables.py).

Belongs here: putting small tables together for the method and taking its answer apart. Does not belong here: reading and writing them
(orchestration/fits.py), or statistics. What stands between the two, int_forecast_hazard, is SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from forecasting.combination import CombinationSettings
from forecasting.frames import History, history, ordinals
from forecasting.laws import attainment, laws
from forecasting.risks import fit, risks, windows, with_life

Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Step:
    """``reads`` are tables by schema and name, ``makes`` those of tables.py; ``made`` gets the ones by name and gives the others."""

    name: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    made: Callable[[Frames], dict[str, pd.DataFrame]]


def _risks(read: Frames) -> dict[str, pd.DataFrame]:
    """Fit what was known at each moment, and carry it forward; the present is fitted once for both tables."""
    told = _counted(read)
    moment = read["int_forecast_moment"].sort_values(["made_on", "period_type", "period_start"])
    present = int(ordinals(read["run"]["as_of"])[0]) + 1
    now = fit(told, present)
    return {"risk": risks(told, with_life(moment), {present: now}), "win_window": windows(told, now, present)}


def _laws(read: Frames) -> dict[str, pd.DataFrame]:
    """Weigh the methods by what each said of periods that were over at each moment, and compare with the quotas."""
    law = laws(
        read["int_forecast_moment"],
        read["int_forecast_hazard"],
        read["int_forecast_naive"],
        read["int_forecast_won_then"][["period_type", "period_start", "known_from", "known_until", "amount"]],
        CombinationSettings(),
    )
    return {"law": law, "attainment": attainment(law, read["int_quota"])}


def _counted(read: Frames) -> History:
    """All counts of a company."""
    stage, cell = read["int_stage"], read["int_forecast_cell"]
    return history(
        exposure=read["int_forecast_exposure"],
        exit_day=read["int_forecast_exit"],
        arrival=read["int_forecast_arrival"],
        move=read["int_forecast_move"],
        amount=read["int_forecast_amount"],
        stage=stage[stage["is_open"].astype(bool)].sort_values(["source_system", "pipeline", "stage_order", "stage"]),
        first_day=int(ordinals(cell["cell_start"]).min()),
        end=int(ordinals(cell["cell_end"]).max()) + 1,
        fiscal_year_start_month=int(read["run"]["fiscal_year_start_month"].iloc[0]),
    )


_COUNTS = ("cell", "exposure", "exit", "arrival", "move", "amount", "moment")

RISKS = Step(
    "risks",
    ("config.run", "intermediate.int_stage", *(f"intermediate.int_forecast_{name}" for name in _COUNTS)),
    ("risk", "win_window"),
    _risks,
)
LAWS = Step(
    "laws",
    (*(f"intermediate.int_forecast_{name}" for name in ("moment", "hazard", "naive", "won_then")), "intermediate.int_quota"),
    ("law", "attainment"),
    _laws,
)
# In the order of their dependencies.
STEPS = (RISKS, LAWS)
