"""The gate's process: started with the run, so that Great Expectations is imported while dbt builds.

Belongs here: starting, asking and ending it. Does not belong here: the protocol's other side (quality/worker.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from funnelcast.errors import FunnelcastError
from funnelcast.settings import Settings
from orchestration.environment import PROJECT, environment
from quality.verdict import Verdict

_LOOK_EVERY_SECONDS = 0.02
_PAGES_TAKE_AT_MOST_SECONDS = 120


class GateCrashed(FunnelcastError):
    """The gate could not come to a verdict: nothing is known about the data, and nothing is published."""


class GateWorker:
    """A process that gives one verdict."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._was_asked = False
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
            "memory": self._settings.gate_memory,
        }
        # A verdict that lies there is on an earlier build.
        self._settings.verdict_file.unlink(missing_ok=True)
        self._ask(json.dumps(request) + "\n")
        while not self._settings.verdict_file.is_file():
            if self._process.poll() is not None and not self._settings.verdict_file.is_file():
                raise GateCrashed(
                    f"The gate ended without a verdict (exit code {self._process.returncode}); "
                    f"what it said is in {self._settings.logs / 'gate.log'}."
                )
            time.sleep(_LOOK_EVERY_SECONDS)
        verdict = Verdict.read(self._settings.verdict_file)
        if verdict.build_id != build_id:
            raise GateCrashed(f"The gate's verdict is on the build {verdict.build_id}, not on {build_id}.")
        return verdict

    def close(self) -> None:
        """Let a process that has given its verdict finish its pages; end one that was never asked."""
        if self._process.stdin is not None:
            # A process that is gone cannot take what it was to be asked.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._process.poll() is not None:
            return
        if not self._was_asked:
            self._process.terminate()
        try:
            self._process.wait(timeout=_PAGES_TAKE_AT_MOST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: str) -> None:
        self._was_asked = True
        if self._process.stdin is None:
            raise RuntimeError("the gate's process was started without a pipe to ask it")
        # A process that is gone is told apart by its exit code, and by the verdict that does not come.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(request)
            self._process.stdin.close()


@contextlib.contextmanager
def gate_worker(settings: Settings) -> Iterator[GateWorker]:
    """A started gate, ended when it is no longer needed."""
    worker = GateWorker(settings)
    try:
        yield worker
    finally:
        worker.close()
