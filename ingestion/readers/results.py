"""What reading a delivered file gives: the words in which readers and landing speak to each other.

Belongs here: plain data and the one error. Does not belong here: reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from funnelcast.errors import FunnelcastError


class UnreadableFile(FunnelcastError):
    """A delivered file whose content cannot be trusted as a whole; nothing of it is loaded."""

    exit_code = 3


@dataclass(frozen=True)
class Reject:
    """A record that cannot be parsed: ``line`` counts physical lines (of a sheet or a table: rows) from 1."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class TextFacts:
    """What one pass over the bytes of a text tells: enough to know which repairs it needs, if any."""

    is_utf_8: bool
    has_nul: bool
    has_quote: bool
    # Line ends of each kind, wherever they stand.
    feeds: int
    returns: int
    pairs: int
    longest_line: int
    ends_with_feed: bool

    @property
    def plain_lines(self) -> int | None:
        """The number of lines, blank ones included, where counting line feeds tells it: no quotes, and no other line ends."""
        if self.has_quote or self.returns:
            return None
        return self.feeds + (0 if self.ends_with_feed else 1)


@dataclass(frozen=True)
class CheckedFile:
    """A delivered file whose bytes are whole: its hash, and what to read from, of which ``rejects`` are gone already.

    ``text`` is plain UTF-8 for the text formats, and the delivered file itself for the others, which have no ``facts``.
    """

    text: Path
    sha256: str
    text_bytes: int
    notes: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()
    facts: TextFacts | None = None

    def work_file(self, work: Path, kind: str) -> Path:
        """A place below ``work`` for what is made of this file on the way."""
        return work / f"{self.sha256[:16]}.{kind}"


@dataclass(frozen=True)
class ReadResult:
    """What one file gave. ``rows_delivered`` is counted apart from the loading wherever that can be done.

    ``is_numbered`` says that the rows carry their number in the file as `_row`. Where they do not, it is their place among the
    loaded rows: DuckDB writes that column with one thread only, which doubles the time of landing.
    """

    columns: tuple[str, ...]
    rows_delivered: int
    rows_loaded: int
    rejects: tuple[Reject, ...] = field(default=())
    notes: tuple[str, ...] = ()
    is_numbered: bool = True
