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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from funnelcast.settings import Settings
from publishing.certificate import read_certificate
from publishing.reader import open_published, open_release

PROJECT = Path(__file__).resolve().parents[2]
SHARED_DATA = PROJECT.parent / "shared" / "data"
COMMAND = Path(sys.executable).with_name("funnelcast")

# dbt's manifest of this project, kept from the first night: parsing it anew for each home takes longer than most builds.
_parsed_project: list[Path] = []


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
    _remember_parsed_project(settings)
    return settings


@contextmanager
def prepared(settings: Settings) -> Iterator[None]:
    """A home that need not parse the dbt project again, and an environment that is left as it was."""
    before = dict(os.environ)
    if _parsed_project and not settings.dbt_home.exists():
        shutil.copytree(_parsed_project[0], settings.dbt_home)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def command(
    *arguments: str | Path, timeout: float = 300, environment: dict[str, str] | None = None
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


def _remember_parsed_project(settings: Settings) -> None:
    if not _parsed_project:
        keep = settings.home.parent / f"{settings.home.name}-parsed-project"
        (keep / "target").mkdir(parents=True)
        shutil.copy(settings.dbt_home / "manifest_of.json", keep)
        for name in ("manifest.json", "partial_parse.msgpack"):
            shutil.copy(settings.dbt_target / name, keep / "target")
        _parsed_project.append(keep)
