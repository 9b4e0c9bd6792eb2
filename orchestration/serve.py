"""Dagster's user interface and its daemon, on loopback, until stopped.

Belongs here: starting and ending the two processes. Does not belong here: what they show (definitions.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType

from funnelcast.errors import FunnelcastError
from funnelcast.settings import Settings
from orchestration.environment import PROJECT, environment, prepare

_HOST = "127.0.0.1"


class ServerEnded(FunnelcastError):
    """One of the two processes ended by itself."""


def serve(settings: Settings, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises `ServerEnded` if a process ends by itself."""
    prepare(settings)
    log = (settings.logs / "serve.log").open("a", encoding="utf-8")
    module = ["-m", "orchestration.definitions"]
    commands = {
        "webserver": ["dagster_webserver", "-h", _HOST, "-p", str(port), *module],
        "daemon": ["dagster._daemon", "run", *module],
    }
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=PROJECT,
            env={**os.environ, **environment(settings)},
            stdout=log,
            stderr=log,
        )
        for name, command in commands.items()
    }
    signal.signal(signal.SIGTERM, _stop)
    try:
        while all(process.poll() is None for process in processes.values()):
            time.sleep(0.5)
        ended = next(name for name, process in processes.items() if process.poll() is not None)
        raise ServerEnded(f"Dagster's {ended} ended by itself; what it said is in {settings.logs / 'serve.log'}.")
    except KeyboardInterrupt:
        # Stopping is how serving ends.
        pass
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(timeout=60)
        log.close()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
