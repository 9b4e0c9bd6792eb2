"""Home belongs to one run at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from funnelcast.errors import RunInProgress, UnwritableHome
from funnelcast.settings import Settings


@contextlib.contextmanager
def home_lock(settings: Settings) -> Iterator[None]:
    """Hold home, as long as this process lives.

    Raises `RunInProgress` naming since when another holds it, `UnwritableHome` if it cannot be written.
    """
    with _lock_file(settings.build) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            since = lock.read().strip() or "a moment ago"
            raise RunInProgress(f"A run is in progress since {since}; it holds the home folder {settings.home}.") from error
        lock.truncate(0)
        lock.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC (process {os.getpid()})")
        lock.flush()
        yield


def held_since(settings: Settings) -> str | None:
    """Since when, and by which process, home is held; None if it is not.

    The kernel's list of locks is read, since trying the lock would keep out a run that starts at that moment.
    """
    path = settings.build / "run.lock"
    locks = Path("/proc/locks")
    if not path.is_file() or not locks.is_file():
        return None
    inode = f":{path.stat().st_ino}"
    held = any(
        line.split()[1] == "FLOCK" and line.split()[5].endswith(inode) for line in locks.read_text().splitlines() if line
    )
    return (path.read_text(encoding="utf-8").strip() or "a moment ago") if held else None


def _lock_file(build: Path) -> IO[str]:
    try:
        build.mkdir(parents=True, exist_ok=True)
        return (build / "run.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise UnwritableHome(build, error) from error
