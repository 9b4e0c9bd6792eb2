"""Cutting out of a delimited text what would be misread, or would hide what follows it.

Belongs here: which records go, and keeping the numbers of the lines that stay. Does not belong here: records that DuckDB itself
rejects and reads past (delimited.py).
"""

from __future__ import annotations

import codecs
import mmap
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingestion.readers.records import Record, field_start, records, records_at
from ingestion.readers.results import CheckedFile, Reject
from ingestion.readers.text import CHUNK, LONGEST_LINE, as_told, head, scan


@dataclass(frozen=True)
class Readable:
    """A text without the records that were cut out of it, and those of them that are rejects (blank lines are none).

    ``gone`` are the numbers of their lines in the delivered file.
    """

    text: Path
    gone: tuple[int, ...] = ()
    rejects: tuple[Reject, ...] = ()

    def delivered_lines(self, lines: Iterable[int]) -> list[int]:
        """The numbers in the delivered file of lines of this text, which are in order."""
        found = []
        gone = iter(sorted(self.gone))
        passed, following = 0, next(gone, None)
        for line in lines:
            while following is not None and following <= line + passed:
                passed += 1
                following = next(gone, None)
            found.append(line + passed)
        return found

    def rejected(self, found: Iterable[tuple[Record, str]]) -> list[Reject]:
        """Rejects by the lines of the delivered file, from records of this text and reasons, which are in order."""
        pairs = list(found)
        lines = self.delivered_lines(record.line for record, _ in pairs)
        return [_reject(line, record, reason) for line, (record, reason) in zip(lines, pairs, strict=True)]


def without_misleading_records(checked: CheckedFile, delimiter: str, target: Path) -> Readable:
    """Cut out blank lines before the header (DuckDB takes the first for the header) and records with a NUL byte (it takes that
    for text)."""
    has_nul = (checked.facts or scan(checked.text)).has_nul
    if not has_nul and not head(checked.text).removeprefix(codecs.BOM_UTF8).startswith((b"\n", b"\r\n")):
        return Readable(checked.text)
    return _without(Readable(checked.text), _misleading(checked.text, delimiter), target)


def without_misquoted_lines(readable: Readable, delimiter: str, target: Path) -> Readable:
    """Cut out every line that opens a quote and does not close it where a field ends: it would hide what follows."""
    offsets = list(_misquoted(readable.text, delimiter))
    if not offsets:
        return readable
    found = records_at(readable.text, offsets, delimiter)
    return _without(readable, ((record, _why_misquoted(record)) for record in found), target)


def _misleading(text: Path, delimiter: str) -> Iterator[tuple[Record, str | None]]:
    is_before_header = True
    for record in records(text, delimiter):
        is_before_header = is_before_header and not record.content.removeprefix(codecs.BOM_UTF8).strip(b"\r\n")
        if is_before_header or b"\0" in record.content:
            yield record, None if is_before_header else "it holds a NUL byte"


def _misquoted(text: Path, delimiter: str) -> Iterator[int]:
    """Where each line begins that has a field whose quotes are wrong; reading goes on behind that line."""
    sign = re.escape(delimiter.encode())
    start = field_start(delimiter)
    # A well quoted field ends with its quote, and spaces at most, before the next delimiter or line end.
    fields = re.compile(start + rb'"(?:(?:[^"]+|"")*+"(?= *(?:[\r\n' + sign + rb"]|\Z))|(?P<wrong>))")
    with text.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        position = 0
        while wrong := next((match for match in fields.finditer(content, position) if match["wrong"] is not None), None):
            yield content.rfind(b"\n", position, wrong.start() + 1) + 1 or position
            end = content.find(b"\n", wrong.start())
            if end < 0:
                return
            position = end + 1


def _why_misquoted(record: Record) -> str:
    if record.content.count(b'"') % 2 == 1:
        return "a quote is opened and never closed"
    return "a quoted field goes on behind its closing quote"


def _without(readable: Readable, records_to_cut: Iterable[tuple[Record, str | None]], target: Path) -> Readable:
    """Copy the text without these records, which are in order. Those without a reason are no rejects."""
    cut: list[tuple[Record, str | None]] = []
    with readable.text.open("rb") as source, target.open("wb") as result:
        for record, reason in records_to_cut:
            _pass_on(source, result, record.start - source.tell())
            source.seek(record.end)
            cut.append((record, reason))
        _pass_on(source, result, readable.text.stat().st_size - source.tell())
    gone = readable.delivered_lines(record.line + number for record, _ in cut for number in range(record.lines))
    rejects = readable.rejected((record, reason) for record, reason in cut if reason is not None)
    return Readable(target, (*readable.gone, *gone), (*readable.rejects, *rejects))


def _reject(line: int, record: Record, reason: str) -> Reject:
    if record.end - record.start > len(record.content):
        reason = f"{reason} (only the first {LONGEST_LINE >> 20} MB of it are kept here)"
    return Reject(line, reason, as_told(record.content))


def _pass_on(source: BinaryIO, result: BinaryIO, length: int) -> None:
    while length > 0 and (chunk := source.read(min(CHUNK, length))):
        result.write(chunk)
        length -= len(chunk)
