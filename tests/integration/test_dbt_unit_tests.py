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
from pathlib import Path
from typing import Any

from nights import PROJECT, clean_environment, settings_for

from funnelcast.sales_process import SalesProcess
from ingestion.build_database import make_build_database
from ingestion.land import land

DBT = Path(sys.executable).with_name("dbt")
DBT_PROJECT = PROJECT / "dbt_project"
# dbt spends its time on templates, in one thread whatever its settings say: as many processes as cores.
PROCESSES = 2


def test_every_dbt_unit_test_passes(tmp_path: Path) -> None:
    built = tmp_path / "built"
    _build_of_one_deal(built)

    names = sorted(test["name"] for test in _read(built / "target" / "manifest.json")["unit_tests"].values())
    running = [_start(built, tmp_path / f"part_{part}", names[part::PROCESSES]) for part in range(PROCESSES)]
    said = [process.communicate(timeout=300)[0] for process in running]

    results = [
        result
        for part in range(PROCESSES)
        for result in _read(tmp_path / f"part_{part}" / "target" / "run_results.json", said[part])["results"]
    ]
    failed = sorted(result["unique_id"].split(".")[-1] for result in results if result["status"] != "pass")
    assert not failed, f"{len(failed)} of dbt's unit tests fail: {', '.join(failed)}\n{''.join(said)}"
    assert sorted(result["unique_id"].split(".")[-1] for result in results) == names


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
    running = _dbt(built, ["run"])
    said = running.communicate(timeout=300)[0]
    assert running.returncode == 0, said


def _start(built: Path, part: Path, names: Sequence[str]) -> subprocess.Popen[str]:
    """One process for some of the tests, with a database and a target folder of its own: DuckDB lets only one write."""
    part.mkdir()
    shutil.copy(built / "build.duckdb", part)
    shutil.copytree(built / "target", part / "target", ignore=shutil.ignore_patterns("run", "compiled", "run_results.json"))
    return _dbt(part, ["test", "--select", *names])


def _dbt(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    project = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    return subprocess.Popen(
        [str(DBT), "--quiet", "--no-use-colors", *arguments, *project],
        cwd=folder,
        env={
            **clean_environment(),
            "FUNNELCAST_BUILD_DATABASE": str(folder / "build.duckdb"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DO_NOT_TRACK": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read(path: Path, said: str = "") -> dict[str, Any]:
    assert path.is_file(), f"dbt did not write {path.name}\n{said}"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
