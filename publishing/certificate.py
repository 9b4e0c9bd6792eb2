"""The certificate of a release: which run made it, from which files, what was checked, what the tables hold.

Belongs here: the content of `certificate.json`, writing and reading it.
Does not belong here: whether the published files still agree with it (integrity.py).
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelcast.errors import FunnelcastError
from publishing.layout import CERTIFICATE, RUN_TABLE_PREFIX
from publishing.run_log import RunRecord

if TYPE_CHECKING:
    from ingestion.suppression import Erasure

    # Reading a certificate must not wait for DuckDB, which these load.
    from publishing.build import Build
    from publishing.bundle import WrittenTable
    from quality.verdict import Verdict

FORMAT_VERSION = 1
SOFTWARE = ("duckdb", "dagster", "dagster-dbt", "dbt-core", "dbt-duckdb", "great-expectations")
# A checksum of the certificate itself, which no other file could hold.
_SEAL = "seal"


class UnreadableCertificateError(FunnelcastError):
    """The file is not a certificate, or not as it was written."""


def write_certificate(
    folder: Path,
    release: str,
    run: RunRecord,
    build: Build,
    verdict: Verdict,
    tables: Mapping[str, WrittenTable],
    erasures: Iterable[Erasure] = (),
) -> None:
    """Certify every file in ``folder``: the last file of a release to be written.

    ``release`` is the name its folder will have. A copy under another name is known by it to be no release.
    """
    content = {"release": release, **_content(run, build, verdict, tables), "erasures": _told(erasures)}
    _write(folder, content)


def certify_again(
    folder: Path, release: str, before: Mapping[str, Any], tables: Mapping[str, WrittenTable], erasures: Iterable[Erasure]
) -> None:
    """Certify a release whose tables were written again because somebody was forgotten; all else is as it was certified."""
    content = {**before, "release": release, "tables": _digests(tables), "erasures": _told(erasures)}
    _write(folder, content)


def read_certificate(folder: Path) -> dict[str, Any]:
    """Read a release's certificate; raises `UnreadableCertificateError` if it is not as it was written."""
    try:
        content = json.loads((folder / CERTIFICATE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnreadableCertificateError(f"{CERTIFICATE} is missing") from error
    except (OSError, ValueError) as error:
        raise UnreadableCertificateError(f"{CERTIFICATE} is not readable: {error}") from error
    if not isinstance(content, dict) or content.get(_SEAL) != _seal(content):
        raise UnreadableCertificateError(f"{CERTIFICATE} was changed after it was written")
    return content


def file_sha256(path: Path) -> str:
    """Hash a file's bytes, a piece at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(run: RunRecord, build: Build, verdict: Verdict, tables: Mapping[str, WrittenTable]) -> dict[str, Any]:
    about_the_run = {name: table for name, table in tables.items() if name.startswith(RUN_TABLE_PREFIX)}
    return {
        "format_version": FORMAT_VERSION,
        "run_id": run.run_id,
        "build_id": build.build_id,
        "as_of": build.as_of.isoformat(),
        "published_at": run.finished_at.astimezone(UTC).isoformat(),
        "reporting_currency": build.reporting_currency,
        "config_digest": build.config_digest,
        "software": {
            "funnelcast": run.version,
            "python": platform.python_version(),
            **{name: version(name) for name in SOFTWARE},
        },
        "run": run.to_json(),
        "delivered_files": build.delivered_files,
        "verdict": {"status": verdict.status, "decided_at": verdict.decided_at},
        "checks": [asdict(check) for check in verdict.checks],
        "tables": _digests(tables),
        "run_tables": {name: {"rows": table.rows} for name, table in about_the_run.items()},
    }


def _digests(tables: Mapping[str, WrittenTable]) -> dict[str, dict[str, Any]]:
    return {
        name: {"rows": table.rows, "digest": table.digest}
        for name, table in tables.items()
        if not name.startswith(RUN_TABLE_PREFIX)
    }


def _told(erasures: Iterable[Erasure]) -> list[dict[str, Any]]:
    """Who was forgotten is not said: when, how much, and a random reference."""
    return [erasure.to_json() for erasure in erasures]


def _write(folder: Path, content: dict[str, Any]) -> None:
    whole = {**content, "files": _files(folder)}
    whole[_SEAL] = _seal(whole)
    (folder / CERTIFICATE).write_text(_written(whole), encoding="utf-8")


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in folder.rglob("*")
        if path.is_file()
    }


def _seal(content: dict[str, Any]) -> str:
    unsealed = {key: value for key, value in content.items() if key != _SEAL}
    return hashlib.sha256(_written(unsealed).encode()).hexdigest()


def _written(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
