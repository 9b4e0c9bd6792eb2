"""`funnelcast serve`: the schedule really launches the job, which publishes; the user interface answers on loopback only."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
import tokyo as company
from nights import COMMAND, PATIENCE, PROJECT, clean_environment, rows

from funnelcast.settings import Settings
from publishing.run_log import read_runs


@pytest.mark.long
def test_the_schedule_publishes_and_the_interface_stays_on_loopback(tokyo: Settings, tmp_path: Path) -> None:
    settings = company.copy(tokyo, tmp_path / "tokyo")
    company.deliver_another_night(settings)
    before = settings.published.resolve()
    port = _free_port()
    with _serving(settings, port) as process:
        assert _waits_for(lambda: _answers("127.0.0.1", port), PATIENCE), _said(settings)
        for address in _other_addresses():
            assert not _answers(address, port), f"it answers on {address}"
        assert _waits_for(lambda: settings.published.resolve() != before, PATIENCE), _said(settings)
        assert rows(settings.home, "select count(*) from fct_opportunity") == [(4,)]
        # A minute later the next one may have begun already.
        assert _waits_for(lambda: dg.DagsterRunStatus.SUCCESS in _statuses(settings), PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    assert not _answers("127.0.0.1", port)
    assert read_runs(settings.home)[-1].outcome == "published"


@contextmanager
def _serving(settings: Settings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    arguments = ["--home", settings.home, "--landing", settings.landing, "--config", settings.config, "--port", port]
    process = subprocess.Popen(
        [str(COMMAND), "serve", *map(str, arguments)],
        cwd="/",
        env={**clean_environment(), "FUNNELCAST_SCHEDULE": "* * * * *"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE)


def _waits_for(comes_true: object, seconds: float) -> bool:
    assert callable(comes_true)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if comes_true():
            return True
        time.sleep(0.5)
    return False


def _answers(address: str, port: int) -> bool:
    host = f"[{address}]" if ":" in address else address
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/server_info", timeout=3) as response:
            return "dagster_version" in json.load(response)
    except (urllib.error.URLError, OSError):
        return False


def _other_addresses() -> list[str]:
    """This machine's addresses that are not loopback's."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    return [address for address in found if not address.startswith(("127.", "::1", "fe80"))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _statuses(settings: Settings) -> list[dg.DagsterRunStatus]:
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        return [run.status for run in instance.get_runs()]


def _said(settings: Settings) -> str:
    return (settings.logs / "serve.log").read_text(encoding="utf-8")[-3000:]


@pytest.mark.long
def test_two_processes_that_start_at_once_parse_the_project_once(tmp_path: Path) -> None:
    """`serve` starts two that need dbt's manifest: written by both together, it was no JSON, and the schedule never ran."""
    asks = (
        "import json, sys; from pathlib import Path; from funnelcast.settings import load_settings;"
        "from orchestration.dbt_build import manifest_path; from orchestration.environment import prepare;"
        "settings = load_settings(home=Path(sys.argv[1])); prepare(settings);"
        "path = manifest_path(settings, ['generic']); json.loads(path.read_bytes()); print(path.stat().st_mtime_ns)"
    )
    home = tmp_path / "home"
    home.mkdir()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", asks, str(home)], stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=clean_environment()
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=PATIENCE)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert said[0] == said[1]
