"""The one job: its history in Dagster, and that nothing is published past its checks, whatever launched it.

Assumption guarded: publishing demands the gate's verdict on this very build (DESIGN section 1); blocking checks alone
would be passed by. Broken by: orchestration/assets.py, orchestration/gate_worker.py, publishing/demands.py.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest
import tokyo as company
from nights import COMMAND, PATIENCE, build_rows, clean_environment, prepared, rows

from command.cli import answer
from funnelcast.settings import Settings
from orchestration.assets import DELIVERED_FILES, FILES_CHECK
from orchestration.definitions import JOB, build_defs
from orchestration.environment import DBT_PROJECT
from publishing.certificate import read_certificate
from publishing.errors import PublishRefused
from publishing.run_log import read_runs

MARTS = sorted((DBT_PROJECT / "models" / "marts").rglob("*.sql"))
MARTS_OF_THE_FIT = {
    "fct_forecast",
    "fct_forecast_accuracy",
    "fct_forecast_calibration",
    "rpt_forecast_warning",
    "fct_opportunity",
}


@pytest.fixture
def home(tokyo: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A published home with new extracts waiting; whatever the test does, what is published must be as it was."""
    settings = company.copy(tokyo, tmp_path / "tokyo")
    company.deliver_another_night(settings)
    before = _published(settings)
    yield settings
    assert _published(settings) == before


# History


def test_the_run_is_in_dagsters_history_under_the_published_id(tokyo: Settings) -> None:
    with _instance(tokyo) as instance:
        (record,) = instance.get_run_records()
    assert record.dagster_run.job_name == JOB
    assert record.dagster_run.status is dg.DagsterRunStatus.SUCCESS
    assert record.dagster_run.run_id == read_certificate(tokyo.published)["run_id"]


def test_every_asset_is_materialised_and_every_check_evaluated(tokyo: Settings) -> None:
    with prepared(tokyo):
        job = build_defs(tokyo).resolve_job_def(JOB)
    with _instance(tokyo) as instance:
        run_id = instance.get_runs()[0].run_id
        materialised = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        evaluated = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    assets = {entry.dagster_event.asset_key for entry in materialised if entry.dagster_event}
    assert assets == set(job.asset_layer.executable_asset_keys)
    assert len(assets) > 50
    checks = {
        entry.dagster_event.asset_check_evaluation_data.asset_check_key: entry.dagster_event.asset_check_evaluation_data
        for entry in evaluated
        if entry.dagster_event
    }
    assert set(checks) == set(job.asset_layer.asset_graph.asset_check_keys)
    assert all(check.passed or check.severity is dg.AssetCheckSeverity.WARN for check in checks.values())
    verdict = read_certificate(tokyo.published)["checks"]
    assert len(verdict) > 90


def test_a_team_changes_on_the_companys_day_east_of_greenwich(tokyo: Settings) -> None:
    """The user extract of 10 November is of 15:00 UTC on the 9th; T1, closed on the 9th, was still won by East."""
    found = rows(tokyo.home, "select opportunity_id, created_at, closed_on, team from fct_opportunity order by 1")
    assert found == [
        ("T1", datetime(2026, 9, 30, 15), date(2026, 11, 9), "East"),
        ("T2", datetime(2026, 10, 1, 15), None, "West"),
        ("T3", datetime(2026, 10, 4, 15), date(2026, 11, 10), "West"),
    ]


# Nothing is published past the checks


def test_a_job_of_only_the_publish_asset_is_refused(home: Settings) -> None:
    """FAULTS 42b: the last run's build and verdict lie there, whole and passed, but they are not this run's."""
    with prepared(home):
        job = build_defs(home).resolve_job_def(JOB)
        with dg.DagsterInstance.get() as instance, pytest.raises(PublishRefused):
            job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("published")])


def test_a_job_without_checks_does_not_publish(home: Settings) -> None:
    """FAULTS 42b: everything is built, nobody has judged it."""
    with prepared(home):
        # The check on files is part of landing them; Dagster does not let anyone leave it out.
        files_check = dg.AssetSelection.checks(dg.AssetCheckKey(DELIVERED_FILES, FILES_CHECK))
        selection = dg.AssetSelection.all().without_checks() | files_check
        without_checks = dg.define_asset_job("without_checks", selection, executor_def=dg.in_process_executor)
        definitions = dg.Definitions.merge(build_defs(home), dg.Definitions(jobs=[without_checks]))
        job = definitions.resolve_job_def("without_checks")
        with dg.DagsterInstance.get() as instance, pytest.raises(PublishRefused):
            job.execute_in_process(instance=instance)
    assert build_rows(home, "select as_of from config.run") == [(date(2026, 11, 11),)], "it was built"


def test_a_gate_that_is_killed_publishes_nothing(home: Settings) -> None:
    """FAULTS 42b: an errored gate is no verdict; the run failed (1), the data was not refused (3)."""
    process = subprocess.Popen(
        [str(COMMAND), "run", "--home", str(home.home), "--landing", str(home.landing), "--config", str(home.config)],
        cwd="/",
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any("dbt has built" in line for line in process.stdout)
        for worker in _workers(home.home):
            os.kill(worker, signal.SIGKILL)
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert "The gate ended without a verdict (exit code -9)" in err
    assert str(home.logs / "gate.log") in err
    assert "Traceback" not in err
    assert read_runs(home.home)[-1].outcome == "failed"
    with _instance(home) as instance:
        assert instance.get_runs()[0].status is dg.DagsterRunStatus.FAILURE


# A fit that fails


def test_a_fit_that_fails_takes_with_it_what_it_says_and_nothing_else(
    home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run fails by the name of what failed, every mart that is no forecast is built, and yesterday's release stays (the fixture)."""

    def broken(*_: object) -> object:
        raise ArithmeticError("Singular matrix")

    monkeypatch.setattr("forecasting.risks.fit", broken)
    words = ["--home", home.home, "--landing", home.landing, "--config", home.config]
    monkeypatch.setattr("sys.argv", ["funnelcast", "run", *map(str, words)])
    with prepared(home):
        code, _ = answer()
    assert code == 1
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("funnelcast: ")]
    assert "The forecast's risks could not be fitted" in sentence
    assert "Singular matrix" in sentence
    assert read_runs(home.home)[-1].outcome == "failed"
    assert read_runs(home.home)[-1].reason == sentence.removeprefix("funnelcast: ")
    built = {
        name for (name,) in build_rows(home, "select table_name from information_schema.tables where table_schema = 'marts'")
    }
    assert built == {path.stem for path in MARTS} - MARTS_OF_THE_FIT


def _workers(home: Path) -> list[int]:
    """The gate's processes of a run on this home."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                is_worker = b"quality.worker" in (process / "cmdline").read_bytes()
                is_ours = f"FUNNELCAST_HOME={home}\0".encode() in (process / "environ").read_bytes()
            except OSError:
                # It ended while it was looked at.
                continue
            if is_worker and is_ours:
                found.append(int(process.name))
        if found:
            return found
        time.sleep(0.2)
    pytest.fail("the run started no gate")


def _instance(settings: Settings) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(settings.dagster_home))


def _published(settings: Settings) -> dict[str, str]:
    found = {"->": str(settings.published.readlink())}
    for path in sorted(settings.releases.rglob("*")):
        if path.is_file():
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
