"""Replays of a history in memory through the product's own method: for the company as a whole, months and quarters ahead.

Belongs here: the frames that SQL would hand over, of what was known at each start. Does not belong here: the method (forecasting/).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from benchmarks.forecast_history import DealHistory, add_months
from forecasting.combination import CombinationSettings
from forecasting.frames import History
from forecasting.laws import laws
from forecasting.propagation import win_probabilities
from forecasting.risks import Fitted, fit, knot_of

_TYPE = {1: "month", 3: "quarter"}
_MONTHS_BACK = {"same_month_last_quarter": 3, "last_period": None, "same_period_last_year": 12}


def replayed(
    history: DealHistory, counted: History, starts: list[date], *, months_ahead: tuple[int, ...], warm_up: int
) -> pd.DataFrame:
    """One row per start and months ahead that are over: actual, actual_wins, funnelcast, hazard, p10, p90, weight_hazard, and
    naive methods.

    ``warm_up`` month starts before the first are replayed too, for the record that the first one has.
    """
    earlier = [add_months(starts[0], -number) for number in range(warm_up, 0, -1)]
    moments, hazards, naive = [], [], []
    for start in (*earlier, *starts):
        made_on = start.toordinal()
        if made_on <= history.first_day:
            continue
        fitted = fit(counted, made_on)
        for months in months_ahead:
            end = add_months(start, months).toordinal()
            key = {"made_on": start, "period_type": _TYPE[months], "period_start": start}
            moments.append({**key, "period_end": date.fromordinal(end - 1), "is_at_start": True})
            hazards.append({**key, "scope": "company", "scope_id": "all", **_hazard(history, counted, fitted, made_on, end)})
            for method, forecast in _naive(history, start, months).items():
                naive.append({**key, "scope": "company", "scope_id": "all", "method": method, "forecast": forecast})
    told = laws(
        _dated(pd.DataFrame(moments)),
        _dated(pd.DataFrame(hazards)),
        _dated(pd.DataFrame(naive)),
        _won(history, [*earlier, *starts], months_ahead),
        CombinationSettings(),
    )
    raw = _dated(pd.DataFrame(hazards)).assign(hazard=lambda rows: rows["from_open"] + rows["from_new"])
    table = told.merge(raw[["made_on", "period_type", "hazard", "expected_wins"]], on=["made_on", "period_type"])
    wide = (
        _dated(pd.DataFrame(naive))
        .pivot_table(index=["made_on", "period_type"], columns="method", values="forecast")
        .reset_index()
    )
    table = table.merge(wide, on=["made_on", "period_type"], how="left")
    return _scored(table, history, starts, months_ahead)


def _scored(table: pd.DataFrame, history: DealHistory, starts: list[date], months_ahead: tuple[int, ...]) -> pd.DataFrame:
    table["start"] = table["made_on"].dt.date
    table["months"] = table["period_type"].map({name: months for months, name in _TYPE.items()})
    ends = [add_months(start, months).toordinal() for start, months in zip(table["start"], table["months"], strict=True)]
    table["actual"] = [_won_amount(history, s.toordinal(), end) for s, end in zip(table["start"], ends, strict=True)]
    table["actual_wins"] = [_won_count(history, s.toordinal(), end) for s, end in zip(table["start"], ends, strict=True)]
    over = (
        (np.array(ends) <= history.last_day + 1)
        & table["start"].isin(starts).to_numpy()
        & table["months"].isin(months_ahead).to_numpy()
    )
    return table[over].rename(columns={"mean": "funnelcast"}).reset_index(drop=True)


def open_deals(history: DealHistory, counted: History, made_on: int) -> pd.DataFrame:
    """Deals that were open when the day before ended, not won before: stage, amount, age and the place of their class of amount."""
    spells = history.spells
    now = spells[(spells["began"] < made_on) & (spells["ended"] >= made_on)]
    now = now[~now["deal"].isin(history.wins.loc[history.wins["day"] < made_on, "deal"])]
    known = now["amount"].to_numpy(float)
    labels = np.where(known > 0, np.clip(np.floor(2 * np.log10(np.where(known > 0, known, 1.0))), 2, 18), 0)
    return now.assign(place=np.searchsorted(counted.classes, labels), age=made_on - now["stage_entered"])


def _hazard(history: DealHistory, counted: History, fitted: Fitted, made_on: int, end: int) -> dict[str, object]:
    """What int_forecast_hazard has, for the company."""
    now = open_deals(history, counted, made_on)
    wins = win_probabilities(fitted.hazards, fitted.moves, made_on, end)
    stage, place = now["stage"].to_numpy(), now["place"].to_numpy()
    chance = wins.now[place, stage, knot_of(now["age"].to_numpy(np.int64))]
    amounts, is_known, known = fitted.amounts, place > 0, now["amount"].fillna(0.0).to_numpy(float)
    mean = np.where(is_known, known * amounts.growth[stage], amounts.unknown_mean[stage])
    square = np.where(is_known, known**2 * amounts.growth_square[stage], amounts.unknown_square[stage])
    daily = fitted.arrivals.daily(np.arange(made_on, end))
    coming = np.einsum("d,dcs,cs->c", daily, wins.arriving, fitted.arrivals.mix)
    return {
        "won_so_far": 0.0,
        "from_open": float(chance @ mean),
        "from_new": float(coming @ amounts.entry_mean),
        "variance": float(chance @ square - (chance**2) @ mean**2 + coming @ amounts.entry_square),
        "expected_wins": float(chance.sum() + coming.sum()),
        "level_deviation": fitted.level_deviation(made_on, made_on, end),
        "basis": fitted.basis,
        "known_wins": fitted.won,
        "known_closes": fitted.closed,
    }


def _naive(history: DealHistory, start: date, months: int) -> dict[str, float]:
    """What the naive methods said: of periods that were over and that the history holds whole."""
    looked_at = {name: [months if back is None else back] for name, back in _MONTHS_BACK.items()}
    said = {}
    for name, backs in looked_at.items():
        since = add_months(start, -backs[0])
        if _is_whole(history, since):
            said[name] = _won_amount(history, since.toordinal(), add_months(since, months).toordinal())
    if _is_whole(history, add_months(start, -3)):
        said["moving_average"] = _won_amount(history, add_months(start, -3).toordinal(), start.toordinal()) * months / 3
    if history.static_probability:
        said["static_weighted"] = _static(history, start, months)
    return said


def _static(history: DealHistory, start: date, months: int) -> float:
    """Amount x the CRM's stage probability of deals expected to close in the period, as known then."""
    spells, made_on = history.spells, start.toordinal()
    now = spells[(spells["began"] < made_on) & (spells["ended"] >= made_on)]
    due = now[(now["expected_close"] >= made_on) & (now["expected_close"] < add_months(start, months).toordinal())]
    return float((due["amount"].fillna(0) * np.array(history.static_probability)[due["stage"]]).sum())


def _is_whole(history: DealHistory, start: date) -> bool:
    return start.toordinal() >= history.first_day


def _won(history: DealHistory, starts: list[date], months_ahead: tuple[int, ...]) -> pd.DataFrame:
    rows = [
        (_TYPE[months], start, None, None, _won_amount(history, start.toordinal(), add_months(start, months).toordinal()))
        for start in starts
        for months in months_ahead
    ]
    return _dated(pd.DataFrame(rows, columns=["period_type", "period_start", "known_from", "known_until", "amount"]))


def _won_amount(history: DealHistory, since: int, until: int) -> float:
    wins = history.wins
    return float(wins.loc[(wins["day"] >= since) & (wins["day"] < until), "amount"].sum())


def _won_count(history: DealHistory, since: int, until: int) -> int:
    return int(((history.wins["day"] >= since) & (history.wins["day"] < until)).sum())


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    days = [name for name in ("made_on", "period_start", "period_end", "known_from", "known_until") if name in frame]
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in days})
