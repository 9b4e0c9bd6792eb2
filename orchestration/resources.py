"""What the steps of a run share: the lock on home, and the gate's process.

Belongs here: things with a beginning and an end. Does not belong here: settings, which are plain values.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from funnelcast.errors import RunInProgress
from funnelcast.settings import Settings
from orchestration.gate_worker import GateWorker, gate_worker

HOME_LOCK = "home_lock"
GATE = "gate"


@contextlib.contextmanager
def home_lock(settings: Settings) -> Iterator[None]:
    """Hold home for one run, as long as this process lives. Raises `RunInProgress` naming since when another holds it."""
    path = settings.build / "run.lock"
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise RunInProgress(f"A run is in progress since {lock.read().strip() or 'a moment ago'}; its home is {settings.home}.") from error
        lock.truncate(0)
        lock.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC (process {os.getpid()})")
        lock.flush()
        yield


def resources(settings: Settings) -> dict[str, Any]:
    """The resources of a run on this home."""

    @dg.resource(description="Home belongs to one run at a time.")
    def lock(_: dg.InitResourceContext) -> Iterator[None]:
        with home_lock(settings):
            yield

    @dg.resource(description="Great Expectations in a process of its own, imported while dbt builds.")
    def gate(_: dg.InitResourceContext) -> Iterator[GateWorker]:
        with gate_worker(settings) as worker:
            yield worker

    return {HOME_LOCK: lock, GATE: gate}
