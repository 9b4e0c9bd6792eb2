"""Bytes as text: what one pass over them tells, and which encoding they are in.

Belongs here: facts about bytes, and turning UTF-16 and Windows-1252 into UTF-8. Does not belong here: what a format makes of
the text (delimited.py, json_lines.py), or unpacking (unpacking.py).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from ingestion.readers.results import TextFacts, UnreadableFile

CHUNK = 1 << 20
# A record longer than this is quarantined: no field of a sales process is, and DuckDB holds many such lines in memory at once.
LONGEST_LINE = 32 << 20


class TextScan:
    """Gathers the facts of a text from its chunks, in one pass: everything here runs at a gigabyte per second or more."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._is_inside_character = False
        self._has_nul = self._has_quote = False
        self._feeds = self._returns = self._pairs = 0
        self._position = self._line_start = self._longest = 0
        self._last = b"\n"

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._check_encoding(chunk)
        self._has_nul = self._has_nul or b"\0" in chunk
        self._has_quote = self._has_quote or b'"' in chunk
        self._count_line_ends(chunk)
        self._measure_lines(chunk)
        self._position += len(chunk)
        self._last = chunk[-1:] or self._last

    def facts(self) -> TextFacts:
        """What is known at the end of the text."""
        if self._decoder is not None and self._is_inside_character:
            self._decoder = None
        return TextFacts(
            is_utf_8=self._decoder is not None,
            has_nul=self._has_nul,
            has_quote=self._has_quote,
            feeds=self._feeds,
            returns=self._returns,
            pairs=self._pairs,
            longest_line=max(self._longest, self._position - self._line_start),
            ends_with_feed=self._last == b"\n",
        )

    def _check_encoding(self, chunk: bytes) -> None:
        if self._decoder is None or (chunk.isascii() and not self._is_inside_character):
            return
        try:
            self._decoder.decode(chunk)
            self._is_inside_character = bool(self._decoder.getstate()[0])
        except UnicodeDecodeError:
            self._decoder = None

    def _count_line_ends(self, chunk: bytes) -> None:
        self._feeds += chunk.count(b"\n")
        if b"\r" in chunk:
            self._returns += chunk.count(b"\r")
            self._pairs += chunk.count(b"\r\n")
        if self._last == b"\r" and chunk.startswith(b"\n"):
            self._pairs += 1

    def _measure_lines(self, chunk: bytes) -> None:
        """A line inside of one chunk is short enough; what matters are those that go on over many."""
        first = chunk.find(b"\n")
        if first >= 0:
            self._longest = max(self._longest, self._position + first - self._line_start)
            self._line_start = self._position + chunk.rfind(b"\n") + 1


def scan(path: Path) -> TextFacts:
    """The facts of a text on disk."""
    found = TextScan()
    for chunk in chunks(path):
        found.feed(chunk)
    return found.facts()


def chunks(path: Path, size: int = CHUNK) -> Iterator[bytes]:
    """The bytes of a file, a megabyte at a time."""
    with path.open("rb") as stream:
        while chunk := stream.read(size):
            yield chunk


def head(path: Path, size: int = 4) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as stream:
        return stream.read(size)


def is_utf_16(beginning: bytes) -> bool:
    """True where a text says so by its byte order mark; without one, UTF-16 would be a guess."""
    return beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def is_windows_1252(text: Path) -> bool:
    """True where nothing that is not ASCII is UTF-8, and all of it is Windows-1252, the one that Excel saves (and Latin-1 with it).

    Where some lines are UTF-8 and others are not, the others are not guessed at: they are rejected one by one.
    """
    with text.open("rb") as stream:
        for line in stream:
            if not line.isascii() and (is_decodable(line, "utf-8") or not is_decodable(line, "cp1252")):
                return False
    return True


def is_decodable(line: bytes, encoding: str) -> bool:
    """True where the bytes are text in that encoding."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def as_told(line: bytes) -> str:
    """A physical line as a reject shows it: what is no text is marked, and its line end is gone."""
    return line.decode("utf-8", errors="replace").rstrip("\r\n")


def transcoded(text: Path, target: Path, encoding: str) -> Path:
    """Write ``text`` in UTF-8 at ``target``. Raises `UnreadableFile` where it is not in ``encoding`` to its end."""
    try:
        with text.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as result:
            while chunk := source.read(CHUNK):
                result.write(chunk)
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else error
        raise UnreadableFile(f"it begins as {encoding} but does not stay so ({reason})") from error
    return target
