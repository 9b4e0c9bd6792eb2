"""The copy that DuckDB makes of a delimited text, and what it says of the records it could not parse.

Belongs here: the options it is given, and reading its errors. Does not belong here: what is done about them (delimited.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from ingestion.readers.results import UnreadableFile
from ingestion.readers.sql import first_sentence, one_thread, sql_path, sql_text, stored_names
from ingestion.readers.text import LONGEST_LINE

# DuckDB takes room in memory for sixteen of the longest lines it is told of, per thread: half a gigabyte for ours.
USUAL_LINE = 2 << 20
TOO_LONG = "LINE SIZE OVER MAXIMUM"
MISQUOTED = "UNQUOTED VALUE"
TOO_FEW, TOO_MANY = "MISSING COLUMNS", "TOO MANY COLUMNS"
NOT_UTF_8 = "INVALID ENCODING"


class MixedLineEnds(Exception):
    """DuckDB met a line end of another kind than the first."""


@dataclass(frozen=True)
class CopyError:
    """A record that DuckDB could not parse: where its first line begins, and what it says of it."""

    offset: int
    kind: str
    reason: str


@dataclass(frozen=True)
class DelimitedCopy:
    """One file's copy, whichever repair of its text it is made from."""

    connection: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]
    delimiter: str
    technical: str
    target: Path

    def make(self, text: Path, *, carefully: bool) -> list[CopyError]:
        """Copy every record that can be parsed; one entry per record that cannot, in the order of the file.

        Carefully means with room for the longest records that are read at all, by one thread. Without that room DuckDB passes
        over a record that is longer than its buffer in silence: whoever copies in the usual way must count.
        Raises `MixedLineEnds`, or `UnreadableFile` with DuckDB's words.
        """
        types = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in stored_names(self.columns))
        self.connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
        try:
            with one_thread(self.connection) if carefully else nullcontext():
                self.connection.execute(
                    f"""
                    copy (
                        select *, {self.technical}
                        from read_csv({sql_path(text)}, auto_detect = false, header = true, columns = {{{types}}},
                            delim = {sql_text(self.delimiter)}, quote = '"', escape = '"', strict_mode = true,
                            null_padding = false, compression = 'none', hive_partitioning = false, store_rejects = true,
                            rejects_limit = 0, max_line_size = {LONGEST_LINE if carefully else USUAL_LINE})
                    ) to {sql_text(str(self.target))} (format parquet, compression zstd)
                    """
                )
        except duckdb.InvalidInputException as error:
            if "state machine" in str(error):
                raise MixedLineEnds from error
            raise UnreadableFile(f"it cannot be read as delimited text ({first_sentence(str(error))})") from error
        return _errors(self.connection, text)


def _errors(connection: duckdb.DuckDBPyConnection, text: Path) -> list[CopyError]:
    """DuckDB counts bytes from 1, lets a record begin with the blank lines before it, and can say several things of one."""
    rows: Sequence[tuple[int, str, str | None]] = connection.execute(
        """
        select
            line_byte_position,
            -- What is said of the whole record names no column.
            arg_min(error_type::varchar, coalesce(column_idx, -1)), arg_min(error_message, coalesce(column_idx, -1))
        from reject_errors group by line_byte_position order by line_byte_position
        """
    ).fetchall()
    with text.open("rb") as stream:
        return [
            CopyError(_past_blank_lines(stream, int(position) - 1), str(kind), _reason(str(kind), reason))
            for position, kind, reason in rows
        ]


def _reason(kind: str, told: str | None) -> str:
    """DuckDB's first sentence; of some errors it tells the kind alone."""
    if kind == TOO_LONG or told is None:
        return f"it is longer than {LONGEST_LINE >> 20} MB" if kind == TOO_LONG else kind.lower()
    return first_sentence(told)


def _past_blank_lines(stream: BinaryIO, offset: int) -> int:
    stream.seek(offset)
    while stream.read(1) in (b"\n", b"\r"):
        offset += 1
    return offset
