"""The forecast proper of every moment, period and part of the company: the risks' forecast and the naive ones, each at the weight
of its record.

Belongs here: which earlier forecasts were over at a moment, what they are compared with (known then), and the law that results.
Does not belong here: how weights are found (combination.py), quantiles (predictive.py), or the methods themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.combination import CombinationSettings, feedback, spread_scale, weights
from forecasting.frames import ordinals
from forecasting.positions import Floats, Ints
from forecasting.predictive import probability_of_reaching, quantile

NAIVE = ("same_month_last_quarter", "moving_average", "last_period", "same_period_last_year")
# Relative standard deviation of the risks' forecast besides chance and levels: what a period has of its own, and what its other
# parameters may be off by.
OWN_DEVIATION = 0.06
# Where no deal has closed yet, hand-set probabilities are all there is: as likely off by all of it as not.
STATIC_DEVIATION = 1.0
_KEYS = ["made_on", "period_type", "period_start", "scope", "scope_id"]


@dataclass
class _Record:
    """Forecasts of one period type that were made when periods began, for the company, oldest first: what each said, and for when."""

    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    methods: list[Floats] = field(default_factory=list)  # the risks' with feedback, then NAIVE; NaN: none
    risks: list[float] = field(default_factory=list)  # without feedback
    variance: list[float] = field(default_factory=list)
    combined: list[float] = field(default_factory=list)
    deviation: list[float] = field(default_factory=list)
    known_wins: list[float] = field(default_factory=list)


def laws(
    moment: pd.DataFrame, hazard: pd.DataFrame, naive: pd.DataFrame, won: pd.DataFrame, settings: CombinationSettings
) -> pd.DataFrame:
    """One row per row of ``hazard``: won_so_far, from_open, from_new, mean, standard_deviation, p10, p50, p90 (money), weights,
    and what they stand on.

    ``moment``: made_on, period_type, period_start, period_end, is_at_start. ``hazard``: the columns of int_forecast_hazard.
    ``naive``: made_on, period_type, period_start, scope, scope_id, method, forecast. ``won``: period_type, period_start,
    known_from, known_until, amount: what the company had won in a period, while that was known. Where nothing can be said mean and
    all after it are missing, and basis is 'none'.
    """
    known = _Won(won)
    said = naive.pivot_table(index=_KEYS, columns="method", values="forecast", aggfunc="first", observed=True)
    table = hazard.merge(said.reset_index(), on=_KEYS, how="left").merge(
        moment[["made_on", "period_type", "period_start", "period_end", "is_at_start"]], on=_KEYS[:3]
    )
    for method in (*NAIVE, "static_weighted"):
        if method not in table:
            table[method] = np.nan
    for name in ("made_on", "period_start", "period_end"):
        table[f"_{name}"] = ordinals(table[name])
    records: dict[str, _Record] = {}
    parts = []
    # In order of time: each forecast is made from the record of those before it.
    for key, rows in table.groupby(["_made_on", "period_type", "_period_start"], sort=True):
        made_on, period_type, start = cast("tuple[int, str, int]", key)
        period = _Period(
            int(made_on),
            period_type,
            int(start),
            int(rows["_period_end"].iloc[0]) + 1,
            bool(rows["is_at_start"].iloc[0]),
        )
        parts.append(_law(rows, period, records, known, settings))
    return pd.concat(parts, ignore_index=True) if parts else _law_columns(table)


def attainment(law: pd.DataFrame, quota: pd.DataFrame) -> pd.DataFrame:
    """One row per row of ``law`` with a quota (``quota``: period_type, period_start, scope, scope_id, quota): probability_of_quota,
    P(won in the period >= quota)."""
    keys = _KEYS[1:]
    rows = law.merge(quota[[*keys, "quota"]], on=keys)
    numbers = (rows[name].to_numpy(float) for name in ("quota", "won_so_far", "mean", "standard_deviation"))
    return rows[_KEYS].assign(probability_of_quota=probability_of_reaching(*numbers))


@dataclass(frozen=True)
class _Period:
    made_on: int
    period_type: str
    start: int
    end: int
    is_at_start: bool

    @property
    def share_ahead(self) -> float:
        """How much of the period's days lies ahead."""
        return (self.end - max(self.made_on, self.start)) / (self.end - self.start)


class _Won:
    """What was won in past periods, as it was known on a day."""

    def __init__(self, won: pd.DataFrame) -> None:
        self._rows: dict[tuple[str, int], tuple[Floats, Floats, Floats]] = {}
        since = np.where(won["known_from"].isna(), -np.inf, _or_zero(won["known_from"]))
        until = np.where(won["known_until"].isna(), np.inf, _or_zero(won["known_until"]))
        frame = pd.DataFrame(
            {"type": won["period_type"], "start": ordinals(won["period_start"]), "since": since, "until": until}
        )
        # Deals won without an amount add nothing.
        frame["amount"] = won["amount"].astype(float).fillna(0.0)
        for key, rows in frame.groupby(["type", "start"]):
            period_type, start = cast("tuple[str, int]", key)
            values = rows[["since", "until", "amount"]].to_numpy().T
            self._rows[period_type, int(start)] = (values[0], values[1], values[2])

    def known_on(self, period_type: str, starts: list[int], day: int) -> Floats:
        """Of each period; nothing known is nothing won."""
        return np.array([self._sum(period_type, start, day) for start in starts])

    def _sum(self, period_type: str, start: int, day: int) -> float:
        if (period_type, start) not in self._rows:
            return 0.0
        since, until, amount = self._rows[period_type, start]
        return float(amount[(since <= day) & (until > day)].sum())


def _or_zero(days: pd.Series) -> Ints:
    return ordinals(days.fillna(pd.Timestamp("1970-01-01")))


def _law(
    rows: pd.DataFrame, period: _Period, records: dict[str, _Record], known: _Won, settings: CombinationSettings
) -> pd.DataFrame:
    record = records.setdefault(period.period_type, _Record())
    factor = _feedback(records.setdefault("month", _Record()), period.made_on, known, settings)
    over = int(np.searchsorted(np.array(record.end), period.made_on, side="right"))
    actual = known.known_on(period.period_type, record.start[:over], period.made_on)
    past = np.array(record.methods[:over]).reshape(over, 1 + len(NAIVE))

    won_so_far = rows["won_so_far"].to_numpy(float)
    risks = rows["from_open"].to_numpy(float) + rows["from_new"].to_numpy(float)
    naive = rows[list(NAIVE)].to_numpy(float) * period.share_ahead
    company = (rows["scope"] == "company").to_numpy()
    now = np.concatenate([[risks[company][0] * factor], naive[company][0]])
    # What the risks said when they knew a quarter of the wins known now tells a quarter of what it would tell else.
    wins = float(rows["known_wins"].iloc[0])
    alike = np.minimum(1.0, np.array(record.known_wins[:over]) / max(wins, 1.0))
    weight = weights(past, actual, now, settings, alike)
    spoken = np.column_stack([risks * factor, np.where(np.isfinite(naive), naive, 0.0)])
    rest = spoken @ weight

    levels = rows["level_deviation"].to_numpy(float)
    uncertain = OWN_DEVIATION**2 + 1 / (rows["known_wins"].to_numpy(float) + 2) + levels**2
    chance = rows["variance"].to_numpy(float) * factor**2 + uncertain * (risks * factor) ** 2
    whole = float(rest[company][0])
    squared = _squared_errors(past, actual, whole, settings)
    # A part of the company has its share of a naive method's variance, as independent parts do.
    share = np.divide(rest, whole, out=np.zeros_like(rest), where=whole > 0)
    between = ((spoken - rest[:, None]) ** 2) @ weight
    deviation = np.sqrt(weight[0] * chance + (weight[1:] @ squared) * share + between)
    errors = np.divide(
        actual - np.array(record.combined[:over]), np.array(record.deviation[:over]), out=np.zeros(over),
        where=np.array(record.deviation[:over]) > 0,
    )  # fmt: skip
    scale = spread_scale(errors, settings)
    if period.is_at_start:
        _remember(
            record,
            period,
            spoken_now=now,
            risks=float(risks[company][0]),
            rows=rows,
            combined=whole,
            deviation=deviation,
            company=company,
        )
    return _told(rows, won_so_far, rest, deviation * scale, weight, factor, scale, over, risks)


def _feedback(months: _Record, made_on: int, known: _Won, settings: CombinationSettings) -> float:
    over = int(np.searchsorted(np.array(months.end), made_on, side="right"))
    forecast = np.array(months.risks[:over])
    relative = np.divide(months.variance[:over], forecast**2, out=np.full(over, np.inf), where=forecast > 0)
    return feedback(forecast, relative, known.known_on("month", months.start[:over], made_on), settings)


def _remember(
    record: _Record,
    period: _Period,
    *,
    spoken_now: Floats,
    risks: float,
    rows: pd.DataFrame,
    combined: float,
    deviation: Floats,
    company: NDArray[np.bool_],
) -> None:
    record.start.append(period.start)
    record.end.append(period.end)
    record.methods.append(spoken_now)
    record.risks.append(risks)
    record.known_wins.append(float(rows["known_wins"].iloc[0]))
    record.variance.append(float(rows["variance"].to_numpy(float)[company][0]))
    record.combined.append(combined)
    record.deviation.append(float(deviation[company][0]))


def _squared_errors(past: Floats, actual: Floats, mean: float, settings: CombinationSettings) -> Floats:
    """Mean squared error of each naive method, with a prior worth a few periods: (methods,)."""
    error = (past[:, 1:] - actual[:, None]) ** 2
    told = np.isfinite(error)
    prior = settings.prior_periods * settings.prior_error * mean**2
    return np.asarray((prior + np.where(told, error, 0).sum(axis=0)) / (settings.prior_periods + told.sum(axis=0)))


def _told(
    rows: pd.DataFrame,
    won_so_far: Floats,
    rest: Floats,
    deviation: Floats,
    weight: Floats,
    factor: float,
    scale: float,
    over: int,
    risks: Floats,
) -> pd.DataFrame:
    basis = rows["basis"].to_numpy(dtype=object)
    static = rows["static_weighted"].to_numpy(float)
    is_static = basis == "static"
    mute = is_static & ~np.isfinite(static)
    # A hand-set probability is all there is; what it says of the whole period includes what is won.
    static_rest = np.maximum(np.nan_to_num(static) - won_so_far, 0)
    rest = np.where(is_static, static_rest, rest)
    deviation = np.where(is_static, STATIC_DEVIATION * static_rest, deviation)
    share_open = np.divide(rows["from_open"].to_numpy(float), risks, out=np.zeros_like(risks), where=risks > 0)
    told = rows[_KEYS].copy()
    mean = won_so_far + rest
    money = {
        "won_so_far": won_so_far,
        "from_open": np.where(is_static, rest, rest * share_open),
        "from_new": np.where(is_static, 0, rest - rest * share_open),
        "mean": mean,
        "standard_deviation": deviation,
        "p10": quantile(0.1, won_so_far, mean, deviation),
        "p50": quantile(0.5, won_so_far, mean, deviation),
        "p90": quantile(0.9, won_so_far, mean, deviation),
    }
    for name, values in money.items():
        told[name] = np.where(mute & (name != "won_so_far"), np.nan, values).round(2)
    told["basis"] = np.where(mute, "none", basis)
    weighing = np.where(is_static[:, None], np.nan, weight[None, :]).round(6)
    told["weight_hazard"] = weighing[:, 0]
    for place, method in enumerate(NAIVE):
        told[f"weight_{method}"] = weighing[:, 1 + place]
    told["feedback"] = np.where(is_static, np.nan, round(factor, 6))
    told["spread_scale"] = np.where(is_static, np.nan, round(scale, 6))
    told["replays"] = over
    told["known_wins"] = rows["known_wins"].to_numpy()
    told["known_closes"] = rows["known_closes"].to_numpy()
    return told


def _law_columns(table: pd.DataFrame) -> pd.DataFrame:
    return _told(
        table.assign(basis=table["basis"].astype(object)),
        *(np.zeros(0),) * 3,
        np.ones(1 + len(NAIVE)),
        1.0,
        1.0,
        0,
        np.zeros(0),
    )
