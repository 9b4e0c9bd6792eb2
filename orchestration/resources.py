"""What the steps of a run share: the lock on home, and the gate's process.

Belongs here: giving Dagster things with a beginning and an end. Does not belong here: settings, which are plain values.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import dagster as dg

from funnelcast.settings import Settings
from orchestration.gate_worker import GateWorker, gate_worker
from orchestration.home_lock import home_lock

HOME_LOCK = "home_lock"
GATE = "gate"


def resources(settings: Settings, started: GateWorker | None) -> dict[str, Any]:
    """The resources of a run on this home. ``started``: a gate that is already importing, for whoever could start it earlier."""

    @dg.resource(description="Home belongs to one run at a time.")
    def lock(_: dg.InitResourceContext) -> Iterator[None]:
        with home_lock(settings):
            yield

    @dg.resource(description="Great Expectations in a process of its own, imported while dbt builds.")
    def gate(_: dg.InitResourceContext) -> Iterator[GateWorker]:
        with contextlib.nullcontext(started) if started else gate_worker(settings) as worker:
            yield worker

    return {HOME_LOCK: lock, GATE: gate}
