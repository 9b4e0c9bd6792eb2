"""Whether what is published is still what was published: asked by every run before it says "nothing new".

Belongs here: comparing the published files with their certificate, quickly.
Does not belong here: repairing (a run publishes again), and anything that loads DuckDB: this is on the path
of a night without news, which should be over before a library is loaded.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from publishing.certificate import UnreadableCertificateError, file_sha256, read_certificate
from publishing.swap import modified_ns


def is_intact(published: Path) -> bool:
    """Whether everything that was published is there, unchanged."""
    return find_damage(published) is None


def find_damage(published: Path) -> str | None:
    """Say what is wrong with what is published, or None.

    A file of the size and modification time it was published with is taken as unchanged; any other is read
    and hashed.
    """
    if not published.exists():
        return f"{published} points to nothing" if published.is_symlink() else f"{published} is missing"
    try:
        certificate = read_certificate(published)
    except UnreadableCertificateError as error:
        return f"{published}: {error}"
    stamp = modified_ns(datetime.fromisoformat(certificate["published_at"]))
    for name, recorded in certificate["files"].items():
        if damage := _damage(published / name, recorded, stamp):
            return damage
    # A client that writes leaves its changes there, and the next to open the database would read them.
    changes = next(published.glob("*.wal"), None)
    return f"{changes} holds changes that were not published" if changes else None


def _damage(path: Path, recorded: dict[str, Any], stamp: int) -> str | None:
    if not path.is_file():
        return f"{path} is missing"
    found = path.stat()
    if found.st_size != recorded["bytes"]:
        return f"{path} has {found.st_size} bytes and was published with {recorded['bytes']}"
    if found.st_mtime_ns != stamp and file_sha256(path) != recorded["sha256"]:
        return f"{path} was changed after it was published"
    return None
