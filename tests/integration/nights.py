"""Whole nights for the integration tests: the real Dagster job, dbt, DuckDB and gate, on a home of the test's own.

Belongs here: running a night in this process, or as the installed command, and reading what it published.
Does not belong here: what is delivered and what must come of it (the tests and the `*_by_hand` modules).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from filelock import FileLock

from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings
from ingestion.in_use import systems_in_use
from publishing.certificate import read_certificate
from publishing.reader import open_published, open_release

PROJECT = Path(__file__).resolve().parents[2]
SHARED_DATA = PROJECT.parent / "shared" / "data"
COMMAND = Path(sys.executable).with_name("funnelcast")

# How many seconds a test waits for a process. It only ends what hangs: a busy machine takes ten times as long as an idle one, and
# being slow is no fault.
PATIENCE = 3600.0

# dbt's manifests of this project, by the systems in use, kept from the first night of each: parsing it anew for each home takes
# longer than most builds.
_parsed_projects: dict[tuple[str, ...], TemporaryDirectory[str]] = {}


def settings_for(
    home: Path, landing: Path, config: Path | None = None, as_of: date | None = None, full_refresh: bool = False
) -> Settings:
    """Settings as the command would settle them, whatever the environment says."""
    return Settings(home=home, landing=landing, config=config, as_of=as_of, full_refresh=full_refresh)


def night(
    home: Path, landing: Path, config: Path | None = None, as_of: date | None = None, full_refresh: bool = False
) -> Settings:
    """Run one night in this process; what it raises is the test's business."""
    from orchestration.run import run_nightly

    settings = settings_for(home, landing, config, as_of, full_refresh)
    with prepared(settings):
        run_nightly(settings)
    remember_parsed_project(settings)
    return settings


@contextmanager
def prepared(settings: Settings) -> Iterator[None]:
    """A home that need not parse the dbt project again, and an environment that is left as it was."""
    before = dict(os.environ)
    parsed = _parsed_projects.get(_systems(settings))
    if parsed is not None and not settings.dbt_home.exists():
        shutil.copytree(parsed.name, settings.dbt_home)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def command(
    *arguments: str | Path, timeout: float = PATIENCE, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed command as a person would, from a folder that is not the project."""
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        cwd="/",
        env={**clean_environment(), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """The environment without what an earlier night in this process, or the person testing, has set for us."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FUNNELCAST_", "DAGSTER_", "DBT_"))}


@dataclass(frozen=True)
class TwoNights:
    """A home after two nights, and what each of them published."""

    settings: Settings
    first: Path
    second: Path


def rows_of(release: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask one release, also one that is no longer the published one."""
    with open_release(release) as connection:
        return connection.execute(sql).fetchall()


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the published database."""
    with open_published(home) as connection:
        return connection.execute(sql).fetchall()


def records(home: Path, sql: str) -> list[dict[str, Any]]:
    """Ask the published database; each row by column name."""
    with open_published(home) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def build_rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Ask the build database of the last run."""
    import duckdb

    with duckdb.connect(str(settings.build_database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def digests(home: Path) -> dict[str, str]:
    """The digest of every table that carries data, as the certificate states it."""
    return {name: told["digest"] for name, told in read_certificate(home / "published")["tables"].items()}


def write_jsonl(path: Path, found: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")


def once_a_session(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that ``make`` filled once, however many processes the tests run in; each process has a copy of its own."""
    own = tmp_path_factory.mktemp(name) / name
    if "PYTEST_XDIST_WORKER" not in os.environ:
        own.mkdir()
        make(own)
        return own
    shared = tmp_path_factory.getbasetemp().parent / "once_a_session" / name
    shared.parent.mkdir(exist_ok=True)
    with FileLock(shared.with_suffix(".lock")):
        if not shared.exists():
            unfinished = shared.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(shared)
    shutil.copytree(shared, own, symlinks=True)
    return own


def remember_parsed_project(settings: Settings) -> None:
    systems = _systems(settings)
    if systems not in _parsed_projects:
        keep = TemporaryDirectory(prefix="funnelcast-parsed-project-")
        (Path(keep.name) / "target").mkdir()
        shutil.copy(settings.dbt_home / "manifest_of.json", keep.name)
        for name in ("manifest.json", "partial_parse.msgpack"):
            shutil.copy(settings.dbt_target / name, Path(keep.name) / "target")
        _parsed_projects[systems] = keep


def _systems(settings: Settings) -> tuple[str, ...]:
    return systems_in_use(load_sales_process(settings.config), settings.raw, settings.landing)
