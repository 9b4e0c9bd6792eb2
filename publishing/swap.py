"""Putting a finished folder in the place of the last release, in one step that a reader never sees half of.

Belongs here: partial folders, the rename, the link `published`, how many releases are kept, what killed runs
leave behind.
Does not belong here: what is in the folder (bundle.py, certificate.py), and whether it may be published
(release.py).

A release is written as `releases/.<run>.partial`, on the disk to its last byte, and renamed to
`releases/<run>`. Then one rename puts a fresh link in the place of `published`. Before that rename people
read the old release, after it the new one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from publishing.certificate import UnreadableCertificateError, read_certificate
from publishing.errors import PublishFailed

RELEASES_KEPT = 3
_PARTIAL = ".partial"
_FRESH_LINK = ".published."


@contextmanager
def only_publisher(releases: Path) -> Iterator[None]:
    """Hold the folder of releases, or raise `PublishFailed` if another process does.

    Of two launched at once, one would take the other's partial folder for a leftover and remove it. The lock
    is the kernel's: it ends with the process, however that ends.
    """
    releases.mkdir(parents=True, exist_ok=True)
    handle = os.open(releases, os.O_RDONLY)
    try:
        _lock(handle, releases)
        yield
    finally:
        os.close(handle)


def partial_folder(releases: Path, name: str) -> Path:
    """Where a release is written until it is whole."""
    return releases / f".{name}{_PARTIAL}"


def seal(folder: Path, published_at: datetime) -> None:
    """Make every file read-only, dated by the moment of publishing, and have all of it on the disk."""
    stamp = modified_ns(published_at)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            path.chmod(0o444)
            os.utime(path, ns=(stamp, stamp))
        _sync(path)
    _sync(folder)


def modified_ns(published_at: datetime) -> int:
    """The modification time that every file of a release published then carries."""
    return round(published_at.timestamp() * 1_000_000) * 1_000


def free_name(releases: Path, run_id: str) -> str:
    """The run's id, with a number if that is taken: a step can be retried after its release was made."""
    names = chain([run_id], (f"{run_id}-{number}" for number in count(2)))
    return next(name for name in names if not (releases / name).exists())


def swap_in(releases: Path, name: str, published: Path) -> Path:
    """Give the finished folder its name and point ``published`` to it. Returns the release's folder."""
    release = releases / name
    # The link first, though it dangles for a moment: the step most likely to fail comes before any change.
    link = published.with_name(f"{_FRESH_LINK}{name}")
    link.symlink_to(os.path.relpath(release, published.parent), target_is_directory=True)
    partial_folder(releases, name).rename(release)
    _sync(releases)
    link.replace(published)
    _sync(published.parent)
    return release


def remove_leftovers(releases: Path, published: Path) -> None:
    """Remove what killed runs left: partial folders and links that never became `published`."""
    for partial in releases.glob(f".*{_PARTIAL}"):
        shutil.rmtree(partial)
    for link in published.parent.glob(f"{_FRESH_LINK}*"):
        if link.is_symlink():
            link.unlink()


def published_at(certificate: dict[str, Any]) -> datetime:
    """When a release was published, as its certificate says."""
    return datetime.fromisoformat(certificate["published_at"])


def releases_of(releases: Path) -> Iterator[tuple[Path, datetime]]:
    """Every release with the moment of its publishing. A copy that someone made and named is not ours."""
    for folder in releases.iterdir():
        try:
            certificate = read_certificate(folder)
        except UnreadableCertificateError:
            continue
        if certificate["release"] == folder.name:
            yield folder, published_at(certificate)


def remove_old_releases(releases: Path, published: Path) -> tuple[str, ...]:
    """Keep the newest releases and the published one. Returns a sentence for each that would not go."""
    newest_first = sorted(releases_of(releases), key=lambda release: release[1], reverse=True)
    old = [folder for folder, _ in newest_first[RELEASES_KEPT:] if folder.resolve() != published.resolve()]
    return tuple(note for note in map(_remove_release, old) if note)


def _remove_release(release: Path) -> str | None:
    partial = partial_folder(release.parent, release.name)
    try:
        # Renamed first: killed on the way, this leaves a leftover and not half a release.
        release.rename(partial)
        shutil.rmtree(partial)
    except OSError as error:
        return f"The old release {release} could not be removed: {error.strerror}."
    return None


def _lock(handle: int, releases: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PublishFailed(
            f"Nothing was published: another run is publishing into {releases}; wait for it to end."
        ) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
