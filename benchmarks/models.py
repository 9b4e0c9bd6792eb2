"""`python -m benchmarks.models`: time and memory of every dbt model on a company of a million opportunities, and of a tenth of it.

Belongs here: running dbt on it and telling what each model took. Does not belong here: the company (growing_company.py).

One model at a time, so that time and memory are its own; DuckDB works on each with all cores. The memory is that of the whole
process above what it was when the model began.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from benchmarks.growing_company import CONFIG, write_extracts
from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings, load_settings
from ingestion.build_database import make_build_database
from ingestion.land import land
from orchestration.dbt_build import run_dbt
from orchestration.environment import prepare

_MILLION = 1_000_000
_GOAL_SECONDS, _GOAL_GB = 60, 4
_LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class ModelCost:
    """What one model took. ``peak_mb`` is the process's memory while it was built, dbt's own included."""

    model: str
    layer: str
    seconds: float
    peak_mb: float


def measure_models(opportunities: int, memory_limit: str) -> list[ModelCost]:
    """Build every model once for a company of this size, in this process, and tell what each took."""
    with tempfile.TemporaryDirectory(prefix="funnelcast-models-") as folder:
        work = Path(folder)
        (work / "sales_process.yml").write_text(CONFIG, encoding="utf-8")
        write_extracts(work / "landing", opportunities)
        settings = load_settings(home=work / "home", landing=work / "landing", config=work / "sales_process.yml")
        os.environ["FUNNELCAST_MEMORY_LIMIT"] = memory_limit
        prepare(settings)
        process = load_sales_process(settings.config)
        make_build_database(settings, process, land(settings, process), "benchmark")
        with _memory_watched() as looks:
            run_dbt(["run", "--threads", "1", "--vars", '{"systems": ["generic"]}'], settings)
        return _costs(settings, looks)


@contextmanager
def _memory_watched() -> Iterator[list[tuple[float, float]]]:
    """Collect (time, megabytes of this process) until the end."""
    looks: list[tuple[float, float]] = []
    ended = threading.Event()

    def look() -> None:
        page_mb = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
        while not ended.wait(_LOOK_EVERY_SECONDS):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            looks.append((time.time(), pages * page_mb))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


def _costs(settings: Settings, looks: list[tuple[float, float]]) -> list[ModelCost]:
    results = json.loads((settings.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
    costs = []
    for result in results:
        timing = next(told for told in result["timing"] if told["name"] == "execute")
        began, ended = (datetime.fromisoformat(timing[key]).timestamp() for key in ("started_at", "completed_at"))
        peak = max((size for at, size in looks if began <= at <= ended), default=0.0)
        name = result["unique_id"].split(".")[-1]
        layer = {"stg": "staging", "int": "intermediate"}.get(name.split("_")[0], "marts")
        costs.append(ModelCost(name, layer, ended - began, peak))
    return costs


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--opportunities", type=int, default=_MILLION)
    parser.add_argument("--memory-limit", default="3GB", help="what DuckDB may use; it spills to disk beyond")
    options = parser.parse_args(arguments)
    # Each size in a process of its own: the memory of one must not be told with the other.
    small, large = (
        _in_own_process(size, options.memory_limit) for size in (options.opportunities // 10, options.opportunities)
    )
    _print(options.opportunities, small, large)
    return 0


def _in_own_process(opportunities: int, memory_limit: str) -> list[ModelCost]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure_models, opportunities, memory_limit).result()


def _print(opportunities: int, small: list[ModelCost], large: list[ModelCost]) -> None:
    before = {cost.model: cost for cost in small}
    print(f"{'model':32} {opportunities // 10:>9,} {opportunities:>11,}   growth   peak MB")
    for layer in ("staging", "intermediate", "marts"):
        of_layer = [cost for cost in large if cost.layer == layer]
        for cost in sorted(of_layer, key=lambda found: -found.seconds):
            less = before[cost.model].seconds
            print(f"{cost.model:32} {less:8.2f}s {cost.seconds:10.2f}s {cost.seconds / less:7.1f}x {cost.peak_mb:9.0f}")
        total, less = sum(cost.seconds for cost in of_layer), sum(before[cost.model].seconds for cost in of_layer)
        print(f"{layer:32} {less:8.2f}s {total:10.2f}s {total / less:7.1f}x {max(cost.peak_mb for cost in of_layer):9.0f}\n")
    modelled = sum(cost.seconds for cost in large if cost.layer != "staging")
    peak = max(cost.peak_mb for cost in large) / 1024
    print(
        f"intermediate and marts: {modelled:.1f} s (goal: {_GOAL_SECONDS}), at most {peak:.1f} GB (goal: {_GOAL_GB})",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
