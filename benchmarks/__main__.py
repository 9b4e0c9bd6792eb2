"""`make bench`: a night with a small new delivery, and a night with nothing new, against a plain `dbt build` of the same models.

Belongs here: which commands are timed, in turn, and what is printed. Does not belong here: how a process is timed (timing.py).
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import Measured, measured
from funnelcast.settings import load_settings
from orchestration.dbt_build import build_command
from orchestration.environment import DBT_PROJECT, environment

_PROJECT = Path(__file__).resolve().parent.parent
_SAMPLE = _PROJECT / "sample" / "landing"
_CONFIG = _PROJECT / "config" / "sales_process.yml"
_LAST_NIGHT = "2026-11-22"
_RUNS = 5
# Goals of the issue, for whoever reads the figures.
_SMALL_NIGHT_GOAL, _NOTHING_NEW_GOAL = 1.6, 0.5


def main() -> int:
    """Time the three in turn, several times, and print medians and ratios."""
    with tempfile.TemporaryDirectory(prefix="funnelcast-bench-") as folder:
        work = Path(folder)
        before, night = _landings(work)
        # A home stays where it is: dbt parses the project anew where its profile names another path, for which the night would pay
        # and the floor, coming after it, would not.
        home, prepared = work / "home", work / "prepared"
        # The first run parses the project and lands the history; it is what a night builds on, and is not timed.
        _run(home, before).demand_success()
        home.rename(prepared)
        small, floor, nothing = [], [], []
        for _ in range(_RUNS):
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(prepared, home, symlinks=True)
            small.append(_run(home, night).demand_success())
            nothing.append(_run(home, night).demand_success())
            floor.append(_dbt_build(home).demand_success())
        _print("plain dbt build", floor, floor, None)
        _print("small new delivery", small, floor, _SMALL_NIGHT_GOAL)
        _print("nothing new", nothing, floor, _NOTHING_NEW_GOAL)
    return 0


def _landings(work: Path) -> tuple[Path, Path]:
    """The sample without its last night, and with it."""
    before, night = work / "landing-before", work / "landing"
    shutil.copytree(_SAMPLE, night)
    shutil.copytree(_SAMPLE, before, ignore=shutil.ignore_patterns(f"*{_LAST_NIGHT}*"))
    return before, night


def _run(home: Path, landing: Path) -> Measured:
    command = [
        sys.executable,
        "-m",
        "funnelcast",
        "run",
        "--home",
        str(home),
        "--landing",
        str(landing),
        "--config",
        str(_CONFIG),
    ]
    return measured(command, cwd=_PROJECT, env={})


def _dbt_build(home: Path) -> Measured:
    """dbt's own command on the build database that the night has just made, with dbt's parsed project kept as it is for the night."""
    settings = load_settings(home=home)
    dbt = Path(sys.executable).with_name("dbt")
    command = [
        str(dbt),
        *build_command(("generic", "salesforce")),
        "--quiet",
        "--project-dir",
        str(DBT_PROJECT),
        "--profiles-dir",
        str(DBT_PROJECT),
    ]
    return measured(command, cwd=_PROJECT, env=environment(settings))


def _print(name: str, runs: list[Measured], floor: list[Measured], goal: float | None) -> None:
    walls = [run.wall_seconds for run in runs]
    ratios = [run.wall_seconds / base.wall_seconds for run, base in zip(runs, floor, strict=True)]
    aim = f"  (goal: at most {goal})" if goal else ""
    print(
        f"{name:20} wall median {statistics.median(walls):6.1f} s ({min(walls):.1f} to {max(walls):.1f})"
        f"   largest process {max(run.largest_process_mb for run in runs):6.0f} MB"
        f"   ratio median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}){aim}",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
