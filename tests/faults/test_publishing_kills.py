"""Assumes: a run killed at any moment of publishing leaves the last or the new release, whole, and the next
run heals.

Guards publishing/release.py and publishing/swap.py (FAULTS 43, promise P3), with real processes and a real
SIGKILL. If it fails, a machine that loses power at night can leave people with half of the tables.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from publishing_home import STARTED_AT, make_build, publish_build, what_is_wrong

from publishing.integrity import is_intact
from publishing.release import publish
from publishing.run_log import read_runs

ROOT = Path(__file__).parents[2]


def test_killed_at_every_step_what_is_published_is_whole(tmp_path: Path) -> None:
    attempts = _kill(tmp_path, "steps")

    killed = [attempt for attempt in attempts if attempt["ended"] == -signal.SIGKILL]
    # Fewer than this, and the program no longer kills where it should.
    assert len(killed) > 15
    assert attempts[-1]["ended"] == 0
    assert [attempt for attempt in attempts if attempt["wrong"]] == []
    # Some died before the swap and some after it, or the steps around it were not met.
    assert {attempt["published"] == attempt["run"] for attempt in killed} == {True, False}
    _assert_healed(tmp_path / "home")


def test_killed_at_random_moments_what_is_published_is_whole(tmp_path: Path) -> None:
    attempts = _kill(tmp_path, "moments", attempts=16)

    assert sum(attempt["ended"] == -signal.SIGKILL for attempt in attempts) >= 4
    assert [attempt for attempt in attempts if attempt["wrong"]] == []
    _assert_healed(tmp_path / "home")


def test_interrupted_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C and Dagster's termination arrive as exceptions that are no errors."""
    publish_build(tmp_path, "run-1", marker=1)
    settings = make_build(tmp_path, "run-2", marker=2)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("publishing.bundle.write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(settings, "run-2", STARTED_AT)

    assert [path.name for path in settings.releases.iterdir()] == ["run-1"]
    assert what_is_wrong(tmp_path) is None


def _kill(folder: Path, how: str, attempts: int = 0) -> list[dict[str, Any]]:
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("publishing_kills.py")),
            how,
            str(folder / "home"),
            "7",
            str(attempts),
        ],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _assert_healed(home: Path) -> None:
    """The next night publishes as if nothing had happened, and clears away what the killed ones left."""
    publish_build(home, "run-healed", marker=9)
    assert what_is_wrong(home) is None
    assert is_intact(home / "published")
    assert [path.name for path in home.iterdir() if path.name.startswith(".")] == []
    releases = sorted(path.name for path in (home / "releases").iterdir())
    assert len(releases) == 3
    assert "run-healed" in releases
    assert [name for name in releases if name.startswith(".")] == []
    assert read_runs(home)[-1].run_id == "run-healed"
