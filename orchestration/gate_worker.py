"""The gate's process: started with the run, so that Great Expectations is imported while dbt builds.

Belongs here: starting, asking and ending it. Does not belong here: the protocol's other side (quality/worker.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from funnelcast.errors import FunnelcastError
from funnelcast.settings import Settings
from orchestration.environment import PROJECT, environment
from quality.verdict import Verdict


class GateCrashed(FunnelcastError):
    """The gate could not come to a verdict: nothing is known about the data, and nothing is published."""


class GateWorker:
    """A process that gives one verdict."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        with (settings.logs / "gate.log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "quality.worker"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                cwd=PROJECT,
                env={**os.environ, **environment(settings)},
            )

    def judge(self, build_id: str, thresholds: Mapping[str, float]) -> Verdict:
        """Ask for the verdict on the build. Raises `GateCrashed` if there is none for this very build."""
        request = {
            "database": str(self._settings.build_database),
            "build_id": build_id,
            "verdict_file": str(self._settings.verdict_file),
            "docs_dir": str(self._settings.data_docs),
            "thresholds": dict(thresholds),
        }
        with contextlib.suppress(BrokenPipeError):
            # A worker that is gone is told apart below, by its exit code and the verdict that is not there.
            self._process.communicate(json.dumps(request) + "\n")
        if self._process.returncode not in (0, 1) or not self._settings.verdict_file.is_file():
            raise GateCrashed(
                f"The gate ended without a verdict (exit code {self._process.returncode}); "
                f"what it said is in {self._settings.logs / 'gate.log'}."
            )
        verdict = Verdict.read(self._settings.verdict_file)
        if verdict.build_id != build_id:
            raise GateCrashed(f"The gate's verdict is on the build {verdict.build_id}, not on {build_id}.")
        return verdict

    def close(self) -> None:
        """End the process, asked or not."""
        if self._process.poll() is None:
            if self._process.stdin is not None and not self._process.stdin.closed:
                self._process.stdin.close()
            self._process.terminate()
            self._process.wait(timeout=30)


@contextlib.contextmanager
def gate_worker(settings: Settings) -> Iterator[GateWorker]:
    """A started gate, ended when it is no longer needed."""
    worker = GateWorker(settings)
    try:
        yield worker
    finally:
        worker.close()
