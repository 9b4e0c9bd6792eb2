"""`python -m benchmarks.forecast_calibration`: of open deals that were given 0 to 10 %, 10 to 20 %, … to be won, how many were.

Belongs here: probabilities of single deals of simulated companies, at starts of every third month, and what became of them. Does not
belong here: forecasts of amounts (forecast.py), or fct_forecast_calibration, which tells the same of a real company.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date

import numpy as np
import pandas as pd

from benchmarks.forecast import COMPANIES
from benchmarks.forecast_counts import count
from benchmarks.forecast_history import DealHistory, add_months, deal_history, month_starts
from benchmarks.forecast_replay import open_deals
from forecasting.frames import History
from forecasting.propagation import win_probabilities
from forecasting.risks import LIFE_DAYS, fit, knot_of
from simulator import simulate_deals

_REPLAYS = 24
_SEEDS = (131, 132, 133, 134, 135, 136)


def given(history: DealHistory, counted: History, starts: list[date]) -> pd.DataFrame:
    """One row per start, horizon that is over (quarter, year) and open deal: horizon, probability, is_won."""
    won_on = history.wins.set_index("deal")["day"]
    rows = []
    for start in starts:
        made_on = start.toordinal()
        fitted, now = fit(counted, made_on), open_deals(history, counted, made_on)
        where = now["place"].to_numpy(), now["stage"].to_numpy(), knot_of(now["age"].to_numpy(np.int64))
        day = won_on.reindex(now["deal"]).to_numpy()
        for horizon, end in (("quarter", add_months(start, 3).toordinal()), ("year", made_on + LIFE_DAYS)):
            if end <= history.last_day + 1:
                told = win_probabilities(fitted.hazards, fitted.moves, made_on, end).now[where]
                rows.append(
                    pd.DataFrame({"horizon": horizon, "probability": told, "is_won": (day >= made_on) & (day < end)})
                )
    return pd.concat(rows, ignore_index=True)


def deciles(rows: pd.DataFrame) -> pd.DataFrame:
    """By horizon and decile of probability: deals, mean probability, share won, and how many standard errors the two are apart."""
    decile = (rows["probability"] * 10).astype(int).clip(upper=9) * 10
    table = rows.groupby(["horizon", decile.rename("from_percent")]).agg(
        deals=("is_won", "size"), given=("probability", "mean"), won=("is_won", "mean")
    )
    chance = np.sqrt(table["given"] * (1 - table["given"]) / table["deals"])
    return table.assign(standard_errors=(table["won"] - table["given"]) / chance)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--company", choices=[*COMPANIES], action="append", help="default: the example company")
    parser.add_argument("--seeds", type=int, nargs="+", default=_SEEDS)
    options = parser.parse_args(arguments)
    for company in options.company or ["example"]:
        told = []
        for seed in options.seeds:
            history = deal_history(simulate_deals(COMPANIES[company], seed))
            told.append(given(history, count(history), month_starts(history, _REPLAYS)[::3]))
        print(f"\n{company}, {len(options.seeds)} seed(s)")
        print(deciles(pd.concat(told)).round(3).to_string(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
