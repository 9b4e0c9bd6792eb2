"""Why nothing was published, or nothing can be read, in one sentence.

Belongs here: the error types of publishing, and the words for a disk that did not take a release.
Does not belong here: what the gate demands (demands.py) or found (summary.py).
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from funnelcast.errors import FunnelcastError, GateRefused

if TYPE_CHECKING:
    # Errors are met on a night without news too, which is over before DuckDB is loaded.
    import duckdb

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EFBIG, errno.EIO)


class PublishRefused(GateRefused):
    """This build carries no verdict that allows publishing it. Nothing was changed."""


class PublishFailed(FunnelcastError):
    """The build may be published, but the release could not be put in place. What was published stays."""


class NothingPublished(FunnelcastError):
    """There is no published release to read."""


def failed_write(error: OSError | duckdb.Error, releases: Path, needed: int) -> PublishFailed:
    """Say which folder did not take the release, why, and how much it would have had to take."""
    folder = Path(error.filename).parent if isinstance(error, OSError) and error.filename else releases
    reason = _reason(error)
    wanted = f"about {_megabytes(needed)} are needed there"
    if reason in map(os.strerror, _NO_ROOM):
        free = shutil.disk_usage(releases).free
        if needed <= free:
            # The estimate was too low: what is free was not enough.
            wanted = f"more than {_megabytes(free)} are needed there"
        sentence = f"{folder} has no room left: {wanted} and {_megabytes(free)} are free; make room and run again."
    elif reason in map(os.strerror, _UNWRITABLE):
        sentence = f"{folder} cannot be written ({reason}; {wanted}); mend that and run again."
    else:
        sentence = f"the release could not be written to {folder}: {reason}"
    return PublishFailed(f"Nothing was published: {sentence}")


def _reason(error: OSError | duckdb.Error) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    # DuckDB's errors carry the system's words, not its number.
    known = (os.strerror(number) for number in (*_NO_ROOM, *_UNWRITABLE))
    return next((words for words in known if words in str(error)), str(error).splitlines()[0])


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"
