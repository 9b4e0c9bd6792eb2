"""dbt in this process: one import, one adapter, and its events as they happen.

Belongs here: running dbt and its manifest. Does not belong here: what the events mean to Dagster (assets.py).
dagster-dbt's own resource starts dbt a second time as a subprocess and loads it here as well: 16 s instead of 10.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import queue
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecasting.steps import STEPS, Step
from forecasting.tables import SCHEMA
from funnelcast.errors import FunnelcastError
from funnelcast.settings import Settings
from orchestration.environment import DBT_PROJECT, PROJECT
from orchestration.fits import fit

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# Unit tests of models belong to `make test`: they say nothing about tonight's data.
_BUILD = ("build", "--exclude-resource-type", "unit_test")
# dbt would write its manifest twice more, though it is the one that was parsed: two seconds of a night. What became of each
# model is in Dagster's history and in dbt.log.
_WITHOUT_ARTIFACTS = "--no-write-json"
# What dagster-dbt makes assets and asset checks of.
_RESULT_EVENTS = frozenset({"LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"})


class DbtFailed(FunnelcastError):
    """A model could not be built: a fault of ours or of the machine, never of a single row."""


def build_command(systems: Sequence[str]) -> list[str]:
    """dbt's arguments for a night of a company that uses these systems."""
    return [*_BUILD, *_variables(systems)]


def manifest_path(settings: Settings, systems: Sequence[str]) -> Path:
    """The manifest of dbt_project/ as it is now; parsed anew when a file of it, a package of ours, or the systems have changed."""
    manifest = settings.dbt_target / "manifest.json"
    stamp = settings.dbt_home / "manifest_of.json"
    now = {"project": _project_digest(), "systems": list(systems)}
    with _parsing_alone(settings):
        # Also parsed anew where another dbt command wrote into the target.
        told = json.loads(stamp.read_text(encoding="utf-8")) if stamp.is_file() else None
        if told != {**now, "parsed": _digest_of_parsed(settings)}:
            run_dbt(["parse", *_variables(systems)], settings)
            stamp.write_text(json.dumps({**now, "parsed": _digest_of_parsed(settings)}), encoding="utf-8")
    return manifest


@contextmanager
def _parsing_alone(settings: Settings) -> Iterator[None]:
    """Wait until no other process parses. `serve` starts two at once: writing one manifest together, they leave one that is none."""
    settings.dbt_home.mkdir(parents=True, exist_ok=True)
    with (settings.dbt_home / "parse.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def rounds() -> Iterator[tuple[tuple[str, ...], Step | None]]:
    """What each of dbt's builds of a night selects, and the fit that follows it: all that waits for no fit, then what waits for one."""
    for place, step in enumerate((*STEPS, None)):
        fitted = STEPS[place - 1].makes if place else ()
        ahead = tuple(table for later in STEPS[place:] for table in later.makes)
        yield (*_what_waits_for(fitted, "--select"), *_what_waits_for(ahead, "--exclude")), step


def _what_waits_for(tables: Sequence[str], option: str) -> tuple[str, ...]:
    return (option, *(f"source:{SCHEMA}.{table}+" for table in tables)) if tables else ()


def stream_build(systems: Sequence[str], settings: Settings) -> Iterator[dict[str, Any]]:
    """Build the project that `manifest_path` parsed, as `stream_dbt` does, and fit the forecast on the way. dbt alone would compare
    every file with it once more."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    parsed = Manifest.from_msgpack(_parsed_project(settings).read_bytes(), decoder=extended_mashumuro_decoder)
    for selection, step in rounds():
        yield from stream_dbt([*build_command(systems), *selection, _WITHOUT_ARTIFACTS], settings, parsed)
        if step is not None:
            fit(step, settings)


def run_dbt(arguments: Sequence[str], settings: Settings) -> None:
    """Run one dbt command. Raises `DbtFailed` with dbt's own words."""
    for _ in stream_dbt(arguments, settings):
        pass


def stream_dbt(arguments: Sequence[str], settings: Settings, parsed: Manifest | None = None) -> Iterator[dict[str, Any]]:
    """Run one dbt command in a thread of this process and yield the results of its nodes as plain dictionaries.

    ``parsed`` is the project as dbt parsed it before; without one, dbt parses it.
    Raises `DbtFailed` at the end if dbt did not succeed. The build database is let go in any case.
    """
    events: queue.Queue[dict[str, Any] | None] = queue.Queue()
    outcome: list[BaseException | str | None] = []

    def work() -> None:
        try:
            outcome.append(_invoke(arguments, settings, parsed, events))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that reads the events
            outcome.append(error)
        finally:
            events.put(None)

    # A daemon: a run that is stopped does not wait for a build that nobody will read.
    thread = threading.Thread(target=work, name="dbt", daemon=True)
    thread.start()
    while (event := events.get()) is not None:
        yield event
    thread.join()
    problem = outcome[0]
    if isinstance(problem, BaseException):
        raise problem
    if problem:
        raise DbtFailed(problem)


def _invoke(
    arguments: Sequence[str], settings: Settings, parsed: Manifest | None, events: queue.Queue[dict[str, Any] | None]
) -> str | None:
    """Returns what went wrong, in one sentence, or None."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    def tell(message: Any) -> None:
        # dbt tells of every statement too; turning thousands of events into dictionaries would cost a second.
        if message.info.name in _RESULT_EVENTS:
            events.put(msg_to_dict(message))

    runner = dbtRunner(manifest=parsed, callbacks=[tell])
    try:
        result = runner.invoke(
            [
                *arguments,
                "--project-dir", str(DBT_PROJECT),
                "--profiles-dir", str(DBT_PROJECT),
                "--log-level", "none",
                "--log-level-file", "info",
                "--no-use-colors",
            ]
        )  # fmt: skip
    finally:
        # Neither cleanup_connections nor reset_adapters closes the file; another process could not open it.
        DuckDBConnectionManager.close_all_connections()
    if result.success:
        return None
    if result.exception is not None:
        words = str(result.exception)
        return without_room(words, settings) or f"dbt could not run: {_one_line(words)}"
    failed = [
        node for node in getattr(result.result, "results", []) if str(node.status) not in ("success", "pass", "skipped")
    ]
    full = next((said for node in failed if (said := without_room(node.message or "", settings))), None)
    if full is not None:
        return full
    named = "; ".join(f"{node.node.name}: {_one_line(node.message or '')}" for node in failed[:3])
    return f"dbt could not build {len(failed)} of its models ({named}); all of it is in {settings.logs / 'dbt.log'}"


def without_room(words: str, settings: Settings) -> str | None:
    """Where dbt or DuckDB tell of a full disk: which, how much is free, and how much a night takes at least."""
    if os.strerror(errno.ENOSPC).lower() not in words.lower():
        return None
    free = shutil.disk_usage(settings.home).free
    taken = sum(path.stat().st_size for path in settings.raw.rglob("*") if path.is_file())
    return (
        f"The disk of {settings.home} is full ({free / 1e6:,.0f} MB are free): the tables could not be built; "
        f"make room for at least {max(50, 5 * taken / 1e6):,.0f} MB, five times what {settings.raw} takes, and run again"
    )


def _variables(systems: Sequence[str]) -> tuple[str, str]:
    return "--vars", json.dumps({"systems": list(systems)})


def _parsed_project(settings: Settings) -> Path:
    return settings.dbt_target / "partial_parse.msgpack"


def _digest_of_parsed(settings: Settings) -> str | None:
    """A digest of what dbt wrote when it parsed; None where it did not."""
    written = (settings.dbt_target / "manifest.json", _parsed_project(settings))
    if not all(path.is_file() for path in written):
        return None
    return hashlib.sha256(b"".join(path.read_bytes() for path in written)).hexdigest()


def _project_digest() -> str:
    digest = hashlib.sha256((PROJECT / "requirements.lock").read_bytes())
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.suffix in (".sql", ".yml", ".py") and path.is_file():
            digest.update(path.relative_to(DBT_PROJECT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
