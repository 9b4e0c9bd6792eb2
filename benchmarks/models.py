"""`python -m benchmarks.models`: time and memory of every dbt model on a company of a million opportunities, and of a tenth of it.

Belongs here: running dbt on it and telling what each model took. Does not belong here: the company (growing_company.py).

One model at a time, so that time and memory are its own; DuckDB works on each with all cores. Wall time is true on an idle machine
only; the time of all cores together (CPU) stands beside it. The memory is that of the whole process. A view takes no time of its own:
what it asks for is in the time of the models that read it.
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
from orchestration.dbt_build import rounds, run_dbt
from orchestration.environment import prepare
from orchestration.fits import fit

_MILLION = 1_000_000
_GOAL_SECONDS, _GOAL_GB = 60, 4
# The folders of dbt_project/models that each goal is about.
_SUBJECTS = {
    "funnel and pipeline": frozenset(
        {"opportunity", "stage", "period", "segment", "handoff", "change", "coverage", "qualification", "lead"}
        | {"funnel", "pipeline", "velocity", "process"}
    ),
    "forecast": frozenset({"forecast", "capacity"}),
}
# Of the first: deals, their history and their visits, which all other tables stand on too. They are told apart, and counted in.
_HISTORIES = frozenset(
    {
        "int_opportunity_version",
        "int_opportunity_absence",
        "int_opportunity",
        "int_opportunity_product",
        "int_opportunity_owner",
    }
    | {
        "int_stage_label",
        "int_stage",
        "int_stage_history",
        "int_history_comparison",
        "int_opportunity_change",
        "int_stage_visit",
    }
    | {
        "int_opportunity_status",
        "int_opportunity_amount",
        "int_close_date_coverage",
        "int_lead",
        "fct_opportunity",
        "fct_stage_visit",
    }
)
_LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class ModelCost:
    """What one model took. ``peak_mb`` is the process's memory while it was built, dbt's own included."""

    model: str
    layer: str
    # The folder in its layer.
    subject: str
    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class _Look:
    """This process at one moment."""

    at: float
    cpu_seconds: float
    megabytes: float


def measure_models(opportunities: int, memory_limit: str) -> list[ModelCost]:
    """Build every model once for a company of this size, in this process, and tell what each took."""
    with tempfile.TemporaryDirectory(prefix="funnelcast-models-") as folder:
        work = Path(folder)
        (work / "sales_process.yml").write_text(CONFIG, encoding="utf-8")
        write_extracts(work / "landing", opportunities)
        settings = load_settings(home=work / "home", landing=work / "landing", config=work / "sales_process.yml")
        prepare(settings)
        os.environ["FUNNELCAST_MODELS_MEMORY"] = memory_limit
        process = load_sales_process(settings.config)
        make_build_database(settings, process, land(settings, process), "benchmark")
        costs = []
        with _watched() as looks:
            for selection, step in rounds():
                run_dbt(["run", "--threads", "1", "--vars", '{"systems": ["generic"]}', *selection], settings)
                # The next round writes its results in place of these.
                costs += _costs(settings, looks)
                if step is not None:
                    fit(step, settings)
        return costs


@contextmanager
def _watched() -> Iterator[list[_Look]]:
    """Look at this process, again and again, until the end."""
    looks: list[_Look] = []
    ended = threading.Event()

    def look() -> None:
        page_mb = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
        while not ended.wait(_LOOK_EVERY_SECONDS):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            looks.append(_Look(time.time(), time.process_time(), pages * page_mb))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


def _costs(settings: Settings, looks: list[_Look]) -> list[ModelCost]:
    results = json.loads((settings.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes = json.loads((settings.dbt_target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    costs = []
    for result in results:
        timing = next(told for told in result["timing"] if told["name"] == "execute")
        began, ended = (datetime.fromisoformat(timing[key]).timestamp() for key in ("started_at", "completed_at"))
        during = [look for look in looks if began - _LOOK_EVERY_SECONDS <= look.at <= ended + _LOOK_EVERY_SECONDS]
        node = nodes[result["unique_id"]]
        layer, subject = Path(node["path"]).parts[:2]
        costs.append(
            ModelCost(
                model=node["name"],
                layer=layer,
                subject=subject,
                seconds=ended - began,
                cpu_seconds=during[-1].cpu_seconds - during[0].cpu_seconds if during else 0.0,
                peak_mb=max((look.megabytes for look in during), default=0.0),
            )
        )
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
    print(f"{'model':32} {opportunities // 10:>9,} {opportunities:>11,}   growth {'CPU':>8}   peak MB")
    for layer in ("staging", "canonical", "intermediate", "marts"):
        of_layer = [cost for cost in large if cost.layer == layer]
        for cost in sorted(of_layer, key=lambda found: -found.seconds):
            _print_line(cost.model, [before[cost.model]], [cost])
        _print_line(layer, [cost for cost in small if cost.layer == layer], of_layer)
        print()
    for goal, subjects in _SUBJECTS.items():
        of_goal = [cost for cost in large if cost.layer != "staging" and cost.subject in subjects]
        shared = [cost for cost in of_goal if cost.model in _HISTORIES]
        if shared:
            own = [cost for cost in of_goal if cost.model not in _HISTORIES]
            _print_line("histories of deals", [before[cost.model] for cost in shared], shared)
            _print_line(goal, [before[cost.model] for cost in own], own)
            goal = "both"
        _print_line(goal, [before[cost.model] for cost in of_goal], of_goal)
    print(f"goal of each: {_GOAL_SECONDS} s, {_GOAL_GB} GB", flush=True)


def _print_line(name: str, small: list[ModelCost], large: list[ModelCost]) -> None:
    less, more = sum(cost.seconds for cost in small), sum(cost.seconds for cost in large)
    cpu, peak = sum(cost.cpu_seconds for cost in large), max(cost.peak_mb for cost in large)
    print(f"{name:32} {less:8.2f}s {more:10.2f}s {more / less:7.1f}x {cpu:7.1f}s {peak:9.0f}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
