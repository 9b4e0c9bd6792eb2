"""Where the records of a delimited text begin and end: a second opinion on what DuckDB reads, and the extent of what it rejects.

Belongs here: quotes against line ends, by counting and by Python's own parser. Does not belong here: loading (delimited.py).
"""

from __future__ import annotations

import csv
import mmap
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ingestion.readers.text import CHUNK, LONGEST_LINE

_FEED, _QUOTE = 10, 34
_QUOTED_RECORD = re.compile(rb'(?:"(?:[^"]+|"")*+"|[^"\n]+)*+\n')


@dataclass(frozen=True)
class Record:
    """A record's bytes, the number of its first physical line (from 1) and how many they are, and where it lies in the file.

    ``content`` is cut at the longest line that can be read; ``end`` is where the record ends all the same. By the parity of the
    quotes before it, a record that ``is_inside_quotes`` is none, but part of another.
    """

    line: int
    lines: int
    start: int
    end: int
    content: bytes
    is_inside_quotes: bool = False


def outside_quotes(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What of a text stands outside of quotes, the closing quotes included: line ends there are those between records.

    By the parity of quotes, which is exact unless a field that is not quoted holds one.
    """
    import numpy as np

    inside = np.uint8(0)
    for chunk in chunks:
        if b'"' not in chunk:
            if not inside:
                yield chunk
            continue
        content = np.frombuffer(chunk, dtype=np.uint8)
        parity = np.bitwise_xor.accumulate((content == _QUOTE).view(np.uint8)) ^ inside
        inside = parity[-1]
        yield content[parity == 0].tobytes()


def count_lines(chunks: Iterable[bytes]) -> int:
    """Count the lines that hold anything, whichever of LF and CRLF ends them."""
    import numpy as np

    found = 0
    is_at_start = True
    for chunk in chunks:
        content = chunk.replace(b"\r", b"") if b"\r" in chunk else chunk
        if not content:
            continue
        if b"\n\n" not in content and not (is_at_start and content.startswith(b"\n")):
            found += content.count(b"\n")
        else:
            is_feed = np.frombuffer(content, dtype=np.uint8) == _FEED
            follows_content = np.concatenate(([not is_at_start], ~is_feed[:-1]))
            found += int(np.count_nonzero(is_feed & follows_content))
        is_at_start = content.endswith(b"\n")
    return found + (0 if is_at_start else 1)


def count_by_parity(text: Path, skipped: Sequence[tuple[int, int]]) -> int:
    """Count the records outside of the ``skipped`` byte ranges, vectorised: a gigabyte in a few seconds."""
    with text.open("rb") as stream:
        return sum(
            count_lines(outside_quotes(_range(stream, start, end))) for start, end in _kept(skipped, text.stat().st_size)
        )


def count_by_parser(text: Path, delimiter: str, skipped: Sequence[tuple[int, int]]) -> int | None:
    """Count them with Python's own parser, exact also where quotes stand inside of fields; None where it cannot read them."""
    csv.field_size_limit(LONGEST_LINE)
    found = 0
    with text.open("rb") as stream:
        try:
            for start, end in _kept(skipped, text.stat().st_size):
                stream.seek(start)
                lines = (line.decode("latin-1") for line in _lines(stream, end - start))
                found += sum(1 for record in csv.reader(lines, delimiter=delimiter) if record)
        except csv.Error:
            return None
    return found


def records_at(text: Path, offsets: Sequence[int], delimiter: str) -> Iterator[Record]:
    """The record that begins at each of the ``offsets``, which are in order, with the number of its first line; in one pass."""
    line, quotes, position = 1, 0, 0
    with text.open("rb") as stream:
        for offset in offsets:
            for chunk in _range(stream, position, offset):
                line += chunk.count(b"\n")
                quotes += chunk.count(b'"')
            position = offset
            yield replace(_record_at(stream, offset, line, delimiter), is_inside_quotes=quotes % 2 == 1)


def records(text: Path, delimiter: str) -> Iterator[Record]:
    """Every record in turn, blank lines too. A quote that is never closed gives one physical line."""
    line, position, size = 1, 0, text.stat().st_size
    with text.open("rb") as stream:
        while position < size:
            found = _record_at(stream, position, line, delimiter)
            yield found
            line += found.lines
            position = found.end


def count_fields(record: Record, delimiter: str) -> int | None:
    """The number of fields of a record by Python's own parser; None where it cannot tell."""
    csv.field_size_limit(LONGEST_LINE)
    try:
        return len(next(csv.reader(record.content.decode("latin-1").splitlines(keepends=True), delimiter=delimiter), []))
    except csv.Error:
        return None


def field_start(delimiter: str) -> bytes:
    """A pattern of the place where a field begins, and spaces that a quote may stand behind."""
    sign = re.escape(delimiter.encode())
    return rb"(?:(?<=[\r\n" + sign + rb"])|\A(?:\xef\xbb\xbf)?) *"


def _record_at(stream: BinaryIO, start: int, line: int, delimiter: str) -> Record:
    """One physical line, or more where a quoted field holds line ends."""
    csv.field_size_limit(LONGEST_LINE)
    stream.seek(start)
    first = stream.readline(LONGEST_LINE)
    if len(first) == LONGEST_LINE and not first.endswith(b"\n"):
        return Record(line, 1, start, _end_of_line(stream), first)
    if first.count(b'"') % 2 == 0:
        return Record(line, 1, start, start + len(first), first)
    lines = [first]

    def decoded() -> Iterator[str]:
        yield first.decode("latin-1")
        for further in _lines(stream, LONGEST_LINE):
            lines.append(further)
            yield further.decode("latin-1")

    try:
        next(csv.reader(decoded(), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        end = _end_of_long_record(stream, start)
        if end is not None:
            return Record(line, _count_feeds(stream, start, end), start, end, b"".join(lines)[:LONGEST_LINE])
        # It is never closed, or not where a field ends: then nothing but its own line is surely of it.
        lines = [first]
    content = b"".join(lines)
    return Record(line, len(lines), start, start + len(content), content)


def _end_of_long_record(stream: BinaryIO, start: int) -> int | None:
    """Where a well quoted record ends that is longer than any that is read; None if it is not both."""
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = _QUOTED_RECORD.match(content, start)
        return found.end() if found is not None and found.end() - start > LONGEST_LINE else None


def _count_feeds(stream: BinaryIO, start: int, end: int) -> int:
    return sum(chunk.count(b"\n") for chunk in _range(stream, start, end))


def _end_of_line(stream: BinaryIO) -> int:
    while rest := stream.readline(CHUNK):
        if rest.endswith(b"\n"):
            break
    return stream.tell()


def _kept(skipped: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    position = 0
    for start, end in sorted(skipped):
        if start > position:
            yield position, start
        position = max(position, end)
    if position < size:
        yield position, size


def _range(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    stream.seek(start)
    remaining = end - start
    while remaining > 0 and (chunk := stream.read(min(CHUNK, remaining))):
        remaining -= len(chunk)
        yield chunk


def _lines(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (line := stream.readline(length)):
        length -= len(line)
        yield line
