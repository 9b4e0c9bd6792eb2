"""Whether a delivered file is whole: every byte is read once, hashed, verified and looked at before a row of it is read.

Belongs here: the one pass over the file and what follows from it for every text format. Does not belong here: rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingestion.readers.results import CheckedFile
from ingestion.readers.text import TextScan, chunks, head, is_utf_16, is_windows_1252, scan, transcoded
from ingestion.readers.unpacking import Compression, largest_allowed, unpack


def check_integrity(path: Path, compression: Compression | None, work: Path) -> CheckedFile:
    """Read the whole file once: hash what was delivered, verify a packed stream to its end, and leave plain UTF-8 text.

    Raises `UnreadableFile` when the stream is cut off, corrupt, or far larger than a real extract could be.
    """
    digest = hashlib.sha256()
    found = TextScan()
    text = path
    if compression is None:
        for chunk in _hashed(path, digest):
            found.feed(chunk)
    else:
        text = work / "unpacked"
        with text.open("wb") as result:

            def keep(piece: bytes) -> None:
                result.write(piece)
                found.feed(piece)

            unpack(_hashed(path, digest), compression, largest_allowed(path.stat().st_size), keep)
    return _in_utf_8(CheckedFile(text, digest.hexdigest(), text.stat().st_size, facts=found.facts()), work)


def hash_only(path: Path) -> CheckedFile:
    """Hash a file whose format verifies itself (Parquet, Excel), to be read where it lies."""
    digest = hashlib.sha256()
    for _ in _hashed(path, digest):
        pass
    return CheckedFile(path, digest.hexdigest(), path.stat().st_size)


def _in_utf_8(checked: CheckedFile, work: Path) -> CheckedFile:
    """Bring the text into UTF-8, which is what it mostly is already; that it was something else is noted."""
    repaired = checked.work_file(work, "utf8")
    if is_utf_16(head(checked.text)):
        text, note = transcoded(checked.text, repaired, "utf-16"), "UTF-16 read"
    elif checked.facts is not None and not checked.facts.is_utf_8 and is_windows_1252(checked.text):
        text, note = transcoded(checked.text, repaired, "cp1252"), "Windows-1252 read"
    else:
        return checked
    return replace(checked, text=text, notes=(note,), facts=scan(text))


def _hashed(path: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks(path):
        digest.update(chunk)
        yield chunk
