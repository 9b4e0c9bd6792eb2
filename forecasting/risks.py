"""For every moment at which a forecast is made: what is known then is fitted, and carried forward to the end of each period.

Belongs here: which counts were known at a moment, and the rows that SQL applies to open deals. Does not belong here: the
statistics themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.amounts import Amounts, fit_amounts
from forecasting.arrivals import Arrivals, ArrivalSettings, fit_arrivals
from forecasting.counts import LOST, WON
from forecasting.frames import STAGE, History, amounts_until, dates, moves_until, ordinals
from forecasting.hazards import Hazards, HazardSettings, fit_hazards
from forecasting.level_doubt import Pipeline, level_deviation, pipeline
from forecasting.positions import Floats, Ints
from forecasting.propagation import OLDEST, Moves, Wins, win_probabilities

# Ages for which probabilities are told: as the macro forecast_age_knot has them. The last stands for all older ones.
AGE_KNOTS = np.array([*range(1, 15), *range(14, 35, 2)[1:], *range(35, 91, 5), *range(90, 181, 15)[1:], OLDEST])

# Nearly all that will be won of what is open is won within a year; LIFE is that period, from a moment on.
LIFE, LIFE_DAYS = "life", 365
# Days after which the chance to have been won is looked at, for when it is likely to happen.
_HORIZONS = (7, 14, 21, 30, 45, 60, 90, 120, 180, 270, LIFE_DAYS)

# How many won deals make the hazards stand on their own, and how many closed ones on each other.
OWN_WINS, POOLED_CLOSES = 20, 1


@dataclass(frozen=True)
class Fitted:
    """What was fitted on what was known at a moment."""

    hazards: Hazards
    arrivals: Arrivals
    moves: Moves
    amounts: Amounts
    is_open: Pipeline
    won: int
    closed: int

    @property
    def basis(self) -> str:
        """What a forecast stands on: history of its own, little history that is pooled, or none (then static probabilities speak)."""
        if self.won >= OWN_WINS:
            return "hazard"
        return "pooled" if self.closed >= POOLED_CLOSES else "static"

    def level_deviation(self, made_on: int, start: int, end: int) -> float:
        """Relative standard deviation of what is expected of [start, end), for not knowing the levels."""
        return level_deviation(self.hazards, self.moves, self.arrivals, self.amounts, self.is_open, made_on, start, end)


def fit(history: History, made_on: int) -> Fitted:
    """Fit on what was known before a day: the cells of time that were over."""
    counts = history.counts.until(made_on)
    cells = len(counts.cell_start)
    return Fitted(
        fit_hazards(counts, HazardSettings()),
        fit_arrivals(history.arrivals.until(made_on), ArrivalSettings()),
        moves_until(history.moves, cells),
        fit_amounts(amounts_until(history.amounts, cells)),
        pipeline(counts),
        int(counts.events[WON].sum()),
        int(counts.events[[WON, LOST]].sum()),
    )


def risks(history: History, moment: pd.DataFrame, known: Mapping[int, Fitted] | None = None) -> pd.DataFrame:
    """One row per moment, period and state: a stage, class of amount and age that open deals may be in, or (age null) the deals to
    come.

    ``moment``: made_on, period_type, period_start, period_end (dates). ``known``: fits that are made already, by moment.
    Columns returned besides these three keys and STAGE, amount_class, age: win_probability in the period; known_ratio and
    known_square_ratio (won amount and its square per known amount and its square); unknown_amount and unknown_square (mean
    won amount and square where none is known); of deals to come (age null): expected_wins, amount_mean, amount_square; basis,
    how many deals won and closed it stands on, and level_deviation: the relative standard deviation of all that is expected
    of the period, from what is not known of levels (null for LIFE).
    """
    frames = []
    made = ordinals(moment["made_on"])
    for made_on in np.unique(made).tolist():
        periods = moment[made == made_on]
        fitted = (known or {}).get(made_on) or fit(history, made_on)
        starts, ends = ordinals(periods["period_start"]), ordinals(periods["period_end"]) + 1
        passes: dict[int, Wins] = {}
        for period_type, start, end in zip(periods["period_type"], starts, ends, strict=True):
            frames.append(_rows(history, fitted, made_on, str(period_type), int(start), int(end), passes))
    return pd.concat(frames, ignore_index=True) if frames else _no_rows()


def _rows(
    history: History, fitted: Fitted, made_on: int, period_type: str, start: int, end: int, passes: dict[int, Wins]
) -> pd.DataFrame:
    until = _pass(fitted, made_on, end, passes)
    now, coming = until.now[:, :, AGE_KNOTS], _expected(fitted, until, made_on, end)
    if start > made_on:
        before = _pass(fitted, made_on, start, passes)
        now, coming = now - before.now[:, :, AGE_KNOTS], coming - _expected(fitted, before, made_on, start)
    classes, stages, ages = now.shape
    stage = np.tile(np.repeat(np.arange(stages), ages), classes)
    amounts = fitted.amounts
    open_rows = pd.DataFrame(
        {
            **{name: history.stages[name].to_numpy()[stage] for name in STAGE},
            "amount_class": np.repeat(history.classes, stages * ages),
            "age": pd.array(np.tile(AGE_KNOTS, classes * stages), dtype="Int64"),
            "win_probability": np.clip(now.ravel(), 0, 1).round(9),
            "known_ratio": amounts.growth[stage].round(6),
            "known_square_ratio": amounts.growth_square[stage].round(6),
            "unknown_amount": amounts.unknown_mean[stage].round(2),
            "unknown_square": amounts.unknown_square[stage].round(0),
        }
    )
    new_rows = pd.DataFrame(
        {
            "amount_class": history.classes,
            "expected_wins": np.maximum(coming, 0).round(9),
            "amount_mean": amounts.entry_mean.round(2),
            "amount_square": amounts.entry_square.round(0),
        }
    )
    rows = pd.concat([open_rows, new_rows], ignore_index=True)
    keys = dates(np.array([made_on, start]))
    rows.insert(0, "made_on", keys[0])
    rows.insert(1, "period_type", period_type)
    rows.insert(2, "period_start", keys[1])
    doubt = np.nan if period_type == LIFE else round(fitted.level_deviation(made_on, start, end), 6)
    return rows.assign(basis=fitted.basis, won_deals=fitted.won, closed_deals=fitted.closed, level_deviation=doubt)


def with_life(moment: pd.DataFrame) -> pd.DataFrame:
    """The moments and periods, and besides them the next year of each moment at which a quarter began, and of the present
    (is_replay false)."""
    asked = moment[
        ~moment["is_replay"] | (moment["period_type"].isin(("quarter", "fiscal_quarter")) & moment["is_at_start"])
    ]
    made_on = pd.Series(asked["made_on"].unique())
    life = pd.DataFrame({"made_on": made_on, "period_type": LIFE, "period_start": made_on})
    life["period_end"] = life["period_start"] + pd.Timedelta(days=LIFE_DAYS - 1)
    return pd.concat([moment, life], ignore_index=True)


def windows(history: History, fitted: Fitted, made_on: int) -> pd.DataFrame:
    """One row per state of open deals: when one that is won within a year is likely to be, as days from the moment.

    Columns: STAGE, amount_class, age, early_days and late_days: a quarter of the wins come before, three quarters by then; null
    where no win is expected. The chance between two horizons is taken to grow evenly.
    """
    ends = np.array((0, *_HORIZONS))
    passes: dict[int, Wins] = {}
    told = [_pass(fitted, made_on, made_on + int(end), passes).now[:, :, AGE_KNOTS].ravel() for end in _HORIZONS]
    chance = np.stack([np.zeros_like(told[0]), *told], axis=1)  # (states, horizons)
    classes, stages, ages = len(history.classes), len(history.stages), len(AGE_KNOTS)
    stage = np.tile(np.repeat(np.arange(stages), ages), classes)
    rows = pd.DataFrame({name: history.stages[name].to_numpy()[stage] for name in STAGE})
    rows["amount_class"] = np.repeat(history.classes, stages * ages)
    rows["age"] = np.tile(AGE_KNOTS, classes * stages)
    for name, share in (("early_days", 0.25), ("late_days", 0.75)):
        days = [np.interp(share * of[-1], of, ends) if of[-1] > 0 else np.nan for of in chance]
        rows[name] = np.ceil(np.round(days, 6))
    return rows


def _pass(fitted: Fitted, made_on: int, end: int, passes: dict[int, Wins]) -> Wins:
    if end not in passes:
        passes[end] = win_probabilities(fitted.hazards, fitted.moves, made_on, end)
    return passes[end]


def _expected(fitted: Fitted, wins: Wins, made_on: int, end: int) -> Floats:
    """Expected wins among deals to come, by the class they come in with: (classes,)."""
    daily = fitted.arrivals.daily(np.arange(made_on, end))
    return np.asarray(np.einsum("d,dcs,cs->c", daily, wins.arriving, fitted.arrivals.mix))


def knot_of(age: Ints) -> Ints:
    """The knot that stands for an age."""
    return np.asarray(AGE_KNOTS[np.searchsorted(AGE_KNOTS, age, side="right") - 1])


def _no_rows() -> pd.DataFrame:
    texts, numbers = (
        ("period_type", *STAGE, "basis"),
        ("win_probability", "known_ratio", "known_square_ratio", "unknown_amount"),
    )
    more = ("unknown_square", "expected_wins", "amount_mean", "amount_square", "level_deviation")
    columns = {"made_on": "datetime64[s]", "period_start": "datetime64[s]", "amount_class": "int64", "age": "Int64"}
    columns |= (
        dict.fromkeys(texts, "str")
        | dict.fromkeys(numbers + more, "float64")
        | dict.fromkeys(("won_deals", "closed_deals"), "int64")
    )
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
