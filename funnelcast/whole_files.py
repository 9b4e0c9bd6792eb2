"""Files that are written whole or not at all: beside their place, to the disk, then renamed.

Belongs here: that one way of writing. Does not belong here: what a file holds, or swapping whole folders (publishing/swap.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give the place beside ``path`` to write to; at the end what stands there is on the disk and takes the name of ``path``.

    Killed before that, ``path`` is as it was. If writing fails, what was half written is taken away.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_whole(path: Path, text: str) -> None:
    """Write a file's text (UTF-8) whole or not at all."""
    with written_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
