"""Assumption: every business rule in dbt_project/ does to a few rows what a person works out for them by hand.

Belongs here: running dbt's unit tests. Does not belong here: the rules and their rows; they stand in the `_*__unit_tests.yml`
beside the models they are about.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nights import PATIENCE, PROJECT, clean_environment, settings_for

from funnelcast.sales_process import SalesProcess
from ingestion.build_database import make_build_database
from ingestion.land import land

DBT = Path(sys.executable).with_name("dbt")
DBT_PROJECT = PROJECT / "dbt_project"
# dbt spends its time on templates, in one thread whatever its settings say: as many processes as `make test` may count on cores.
PROCESSES = 2


def test_every_dbt_unit_test_passes(tmp_path: Path) -> None:
    built = tmp_path / "built"
    _build_of_one_deal(built)

    names = sorted(test["name"] for test in _read(built / "target" / "manifest.json")["unit_tests"].values())
    parts = [_part(built, tmp_path / f"part_{number}") for number in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        said = list(
            pool.map(lambda number: _dbt(parts[number], "test", "--select", *names[number::PROCESSES])[1], range(PROCESSES))
        )

    results = [result for part in parts for result in _read(part / "target" / "run_results.json", *said)["results"]]
    status = {result["unique_id"].split(".")[-1]: result["status"] for result in results}
    failed = sorted(name for name in names if status.get(name) != "pass")
    assert not failed, f"{len(failed)} of dbt's unit tests fail: {', '.join(failed)}\n{''.join(said)}"


def _build_of_one_deal(built: Path) -> None:
    """Unit tests take their columns' types from the built tables, so all of them are built: of one deal, which is enough."""
    landing = built / "landing"
    (landing / "generic" / "opportunity").mkdir(parents=True)
    (landing / "generic" / "opportunity" / "opportunity_2026-11-22.csv").write_text(
        "opportunity_id,stage\nD1,engagement\n", encoding="utf-8"
    )
    settings = settings_for(built / "home", landing)
    settings.home.mkdir()
    process = SalesProcess()
    make_build_database(settings, process, land(settings, process), "unit tests")
    settings.build_database.replace(built / "build.duckdb")
    code, said = _dbt(built, "run")
    assert code == 0, said


def _part(built: Path, part: Path) -> Path:
    """A database and a target folder of its own: DuckDB lets only one process write."""
    part.mkdir()
    shutil.copy(built / "build.duckdb", part)
    shutil.copytree(built / "target", part / "target", ignore=shutil.ignore_patterns("run", "compiled", "run_results.json"))
    return part


def _dbt(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run dbt on the database in a folder; returns its exit code and what it said."""
    project: Sequence[str] = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))
    ended = subprocess.run(
        [str(DBT), "--quiet", "--no-use-colors", *arguments, *project],
        cwd=folder,
        env={
            **clean_environment(),
            # dbt parses the project anew when a variable that its profile names has another value: the same for all, and yet each its own.
            "HOME": str(folder),
            "FUNNELCAST_BUILD_DATABASE": "~/build.duckdb",
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DO_NOT_TRACK": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stdout


def _read(path: Path, *said: str) -> dict[str, Any]:
    assert path.is_file(), f"dbt did not write {path.name}\n{''.join(said)}"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
