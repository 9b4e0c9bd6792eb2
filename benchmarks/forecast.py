"""`python -m benchmarks.forecast`: how good the forecast is, against an oracle, static weighting and the naive methods, on
simulated companies.

Belongs here: which companies, seeds and replays; scoring; what is printed. Does not belong here: what the companies' histories hold
(forecast_history.py), counting (forecast_counts.py), the oracle (forecast_oracle.py), the method (forecasting/).

Every month start of the last two years is replayed with what was known then: the next month, and the next three months. The method
is the product's own code, on the counts that its SQL makes. The seeds named here were not looked at while the method was made.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.forecast_counts import count
from benchmarks.forecast_history import DealHistory, add_months, deal_history, maven_history, month_starts
from benchmarks.forecast_oracle import Oracle, arrivals_per_day, without_shocks
from benchmarks.forecast_replay import replayed
from simulator import Company, simulate_deals
from simulator.company import Hire

_MAVEN = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data" / "maven_crm"
_FRESH_SEEDS = (131, 132, 133, 134, 135, 136)
_LARGE_SEEDS = (201, 202)
_REPLAYS = 24
# Seeds that only say how many deals a day brings on average, which the oracle knows.
_ARRIVAL_SEEDS = tuple(range(1000, 1016))
_METHODS = (
    "oracle",
    "oracle_without_shocks",
    "funnelcast",
    "hazard",
    "same_month_last_quarter",
    "moving_average",
    "last_period",
    "same_period_last_year",
    "static_weighted",
)
_NAIVE = _METHODS[4:8]

EXAMPLE = replace(Company(), history_starts_on=date(2023, 11, 23))
COMPANIES = {
    "example": EXAMPLE,
    "four times as large": replace(EXAMPLE, scale=4.0),
    # The win rate falls by a third in the year from May 2025 on, and a new team begins.
    "drift": replace(
        EXAMPLE,
        forward_drift_per_year=-0.16,
        losing_drift_per_year=0.16,
        drift_starts_on=date(2025, 5, 1),
        drift_years=1.0,
        hires=(*EXAMPLE.hires, *(Hire("ae", "West", date(2025, 11, 3)) for _ in range(4))),
    ),
}


@dataclass(frozen=True)
class Job:
    """One company and seed to be replayed, and how many deals begin there on each day on average: in truth, and without shocks."""

    company: str
    seed: int
    arrivals: dict[str, NDArray[np.float64]]


def run(job: Job) -> pd.DataFrame:
    """Every replay of one simulated company: one row per start and months ahead, a column per method, p10, p90 and actual."""
    company = COMPANIES[job.company]
    made = simulate_deals(company, job.seed)
    history = deal_history(made)
    first_day = company.history_starts_on.toordinal()
    starts = month_starts(history, _REPLAYS)
    rows = replayed(history, count(history), starts, months_ahead=(1, 3), warm_up=8)
    calendars = {"oracle": made.calendar, "oracle_without_shocks": without_shocks(made)}
    for name, calendar in calendars.items():
        oracle = Oracle(made, history, calendar, job.arrivals[name], first_day)
        rows[name] = _expected(oracle, history, rows)
    return rows.assign(company=job.company, seed=job.seed)


def _expected(oracle: Oracle, history: DealHistory, rows: pd.DataFrame) -> list[float]:
    """The oracle's expectation of every row."""
    told: dict[tuple[date, int], float] = {}
    for start in rows["start"].unique():
        ends = [end for end in (add_months(start, 1), add_months(start, 3)) if end.toordinal() <= history.last_day + 1]
        amounts = oracle.expected(start.toordinal(), tuple(end.toordinal() for end in ends))
        told.update({(start, months): amount for months, amount in zip((1, 3), amounts, strict=False)})
    return [told[start, months] for start, months in zip(rows["start"], rows["months"], strict=True)]


def _arrivals(processes: ProcessPoolExecutor) -> dict[str, NDArray[np.float64]]:
    """Of the example company, by oracle. The others differ from it in what becomes of deals, and in their number."""
    companies = {"oracle": EXAMPLE, "oracle_without_shocks": replace(EXAMPLE, bad_weeks=())}
    asked = {name: processes.submit(arrivals_per_day, company, _ARRIVAL_SEEDS) for name, company in companies.items()}
    return {name: future.result() for name, future in asked.items()}


def run_maven() -> pd.DataFrame:
    """June to December 2017."""
    history = maven_history(_MAVEN)
    starts = month_starts(history, 7)
    return replayed(history, count(history), starts, months_ahead=(1,), warm_up=2).assign(company="maven", seed=0)


def error(rows: pd.DataFrame, method: str) -> float:
    """Sum of absolute errors ÷ sum of outcomes, over the replays in which every naive method spoke or this one did."""
    told = rows[rows[method].notna()]
    return float((told[method] - told["actual"]).abs().sum() / told["actual"].sum()) if len(told) else float("nan")


def jackknife(rows: pd.DataFrame, method: str, against: str | None = None) -> float:
    """Standard error of the error, or of its ratio to another method's, leaving out each start of a month in turn (in all seeds)."""
    starts = sorted(rows["start"].unique())
    values = []
    for start in starts:
        kept = rows[rows["start"] != start]
        values.append(error(kept, method) / (error(kept, against) if against else 1.0))
    spread = np.array(values)
    return float(np.sqrt((len(starts) - 1) / len(starts) * ((spread - spread.mean()) ** 2).sum()))


def report(name: str, rows: pd.DataFrame) -> None:
    """Print the figures of one company."""
    for months, told in rows.groupby("months"):
        present = [method for method in _METHODS if method in told and told[method].notna().any()]
        naive = [method for method in present if method in _NAIVE]
        best = min(naive, key=lambda method: error(told, method))
        held = ((told["actual"] >= told["p10"]) & (told["actual"] <= told["p90"])).mean()
        wins = told["expected_wins"].sum() / told["actual_wins"].sum() - 1
        print(f"\n{name}: the next {months} month(s), {told['seed'].nunique()} seed(s), {len(told)} replays")
        for method in present:
            bias = told[method].sum() / told.loc[told[method].notna(), "actual"].sum() - 1
            print(f"  {method:26} {error(told, method):6.3f} ± {jackknife(told, method):.3f}   bias {bias:+6.1%}")
        for other in [method for method in present if method.startswith("oracle")] + [best]:
            ratio, spread = error(told, "funnelcast") / error(told, other), jackknife(told, "funnelcast", other)
            print(f"  funnelcast ÷ {other:24} {ratio:6.3f} ± {spread:.3f}")
        print(f"  p10 to p90 held            {held:6.1%}")
        print(f"  expected wins              {wins:+6.1%}")
        print(f"  mean weight of the risks   {told['weight_hazard'].mean():6.2f}", flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--company", choices=[*COMPANIES, "maven"], action="append", help="default: all")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: those of the report")
    parser.add_argument("--save", type=Path, help="write the replays as a pickle")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    saved = []
    companies = options.company or [*COMPANIES, "maven"]
    with ProcessPoolExecutor(options.processes) as processes:
        arrivals = {} if companies == ["maven"] else _arrivals(processes)
        for company in companies:
            if company == "maven":
                rows = run_maven()
            else:
                seeds = options.seeds or (_LARGE_SEEDS if company == "four times as large" else _FRESH_SEEDS)
                scaled = {name: daily * COMPANIES[company].scale for name, daily in arrivals.items()}
                rows = pd.concat(processes.map(run, [Job(company, seed, scaled) for seed in seeds]), ignore_index=True)
            report(company, rows)
            saved.append(rows)
    if options.save:
        pd.concat(saved, ignore_index=True).to_pickle(options.save)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
