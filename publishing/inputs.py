"""Whether there is anything new to do: what the last published run was made of, against what is there now.

Belongs here: the comparison by names, sizes, times and digests, cheap enough to make before anything heavy is imported.
Does not belong here: reading files (ingestion/), or whether published files are whole (integrity.py).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from funnelcast.whole_files import write_whole
from ingestion.land import landing_fingerprint
from ingestion.process_tables import process_digest
from publishing.certificate import UnreadableCertificateError, read_certificate
from publishing.integrity import is_intact

_PROJECT = Path(__file__).resolve().parent.parent
_CODE = ("funnelcast", "ingestion", "dbt_project", "quality", "publishing", "orchestration", "forecasting")


def current_inputs(settings: Settings, process: SalesProcess) -> dict[str, Any]:
    """Describe all that decides what a run publishes: landing folder, raw store, sales process, as-of, and our own code."""
    return {
        "landing": landing_fingerprint(settings, process),
        "raw": sorted(path.relative_to(settings.raw).as_posix() for path in settings.raw.glob("*/*/*/*.parquet")),
        "process": process_digest(process),
        "as_of": settings.as_of.isoformat() if settings.as_of else None,
        "code": code_digest(),
    }


def remember_inputs(settings: Settings, inputs: dict[str, Any], run_id: str) -> None:
    """Keep what the run that has just published was made of. ``inputs`` were taken before its landing was read."""
    # The raw store has grown by what the run landed; the landing folder may have grown since, and is then new.
    raw = sorted(path.relative_to(settings.raw).as_posix() for path in settings.raw.glob("*/*/*/*.parquet"))
    write_whole(_file(settings), json.dumps({**inputs, "raw": raw, "run_id": run_id}, sort_keys=True))


def is_nothing_new(settings: Settings, process: SalesProcess) -> bool:
    """True where the published release was made of exactly what is there now, by this very code, and is whole."""
    if settings.full_refresh:
        return False
    try:
        published = json.loads(_file(settings).read_text(encoding="utf-8"))
        certificate = read_certificate(settings.published)
    except (FileNotFoundError, json.JSONDecodeError, UnreadableCertificateError):
        # Nothing is remembered or nothing readable is published: that is something to do.
        return False
    run_id = published.pop("run_id", None)
    return (
        published == current_inputs(settings, process) and certificate["run_id"] == run_id and is_intact(settings.published)
    )


def code_digest() -> str:
    """Digest the project's own files: another version of the rules may give other tables from the same extracts."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_PROJECT / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".yml") and path.is_file():
                digest.update(path.relative_to(_PROJECT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _file(settings: Settings) -> Path:
    return settings.build / "inputs.json"
