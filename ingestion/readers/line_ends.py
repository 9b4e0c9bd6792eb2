"""One kind of line end between the records of a file: DuckDB reads no other, and people's files hold LF, CRLF and CR at once.

Belongs here: telling the kinds apart and making them one. Does not belong here: what is inside of fields, which stays as it is
wherever that can be told.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingestion.readers.records import field_start, outside_quotes
from ingestion.readers.results import CheckedFile, TextFacts
from ingestion.readers.text import CHUNK, scan

_NOTE = "mixed line ends made one"
_NOTE_INSIDE = "mixed line ends made one, also inside of fields"


def with_one_line_end(checked: CheckedFile, delimiter: str, work: Path) -> Iterator[CheckedFile]:
    """The file as it is if its records end alike, then repaired ever more boldly, for a reader that cannot read it yet.

    A stray quote can make it impossible to tell what is inside of a field; only then is anything changed there.
    """
    facts = checked.facts or scan(checked.text)
    if _is_one_kind(facts.feeds, facts.returns, facts.pairs):
        yield checked
        if not facts.returns:
            return
    elif facts.has_quote:
        feeds, returns, pairs = _between_records(checked.text)
        if _is_one_kind(feeds, returns, pairs):
            yield checked
        repaired = _rewritten(checked.text, checked.work_file(work, "lf"), _line_ends_between_fields(delimiter))
        yield _repaired(checked, repaired, _NOTE if _is_mixed(feeds, returns, pairs) else None)
    everywhere = with_line_feeds_only(checked, work)
    if everywhere is not checked:
        is_noted = _is_mixed(facts.feeds, facts.returns, facts.pairs)
        yield (
            replace(everywhere, notes=(*checked.notes, _NOTE_INSIDE if facts.has_quote else _NOTE))
            if is_noted
            else everywhere
        )


def with_line_feeds_only(checked: CheckedFile, work: Path) -> CheckedFile:
    """Make every line end of the file a line feed, for formats whose values hold none."""
    facts = checked.facts or scan(checked.text)
    if not facts.returns:
        return checked
    return _repaired(checked, _rewritten(checked.text, checked.work_file(work, "feeds"), re.compile(rb"\r\n?")), None)


def is_mixed(facts: TextFacts) -> bool:
    """True where a text holds more than one kind of line end."""
    return _is_mixed(facts.feeds, facts.returns, facts.pairs)


def _is_one_kind(feeds: int, returns: int, pairs: int) -> bool:
    """LF alone or CRLF alone. (CR alone is one kind too, but lines are counted by line feeds.)"""
    return returns == 0 or returns == pairs == feeds


def _is_mixed(feeds: int, returns: int, pairs: int) -> bool:
    return sum(kind > 0 for kind in (feeds - pairs, returns - pairs, pairs)) > 1


def _between_records(text: Path) -> tuple[int, int, int]:
    feeds = returns = pairs = 0
    for chunk in outside_quotes(_unsplit(text)):
        feeds += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        pairs += chunk.count(b"\r\n")
    return feeds, returns, pairs


def _unsplit(text: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces that do not part a CR from its LF."""
    with text.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if chunk.endswith(b"\r"):
                chunk += stream.read(1)
            yield chunk


def _line_ends_between_fields(delimiter: str) -> re.Pattern[bytes]:
    """Matches quoted fields, to pass over them, and line ends outside of them."""
    return re.compile(field_start(delimiter) + rb'"(?:[^"]+|"")*+"|\r\n?')


def _rewritten(text: Path, target: Path, line_ends: re.Pattern[bytes]) -> Path:
    with (
        text.open("rb") as source,
        mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content,
        target.open("wb") as result,
    ):
        position = 0
        for match in line_ends.finditer(content):
            if content[match.start()] == 13:
                result.write(content[position : match.start()] + b"\n")
                position = match.end()
        while piece := content[position : position + CHUNK]:
            result.write(piece)
            position += len(piece)
    return target


def _repaired(checked: CheckedFile, text: Path, note: str | None) -> CheckedFile:
    return replace(checked, text=text, facts=scan(text), notes=(*checked.notes, note) if note else checked.notes)
