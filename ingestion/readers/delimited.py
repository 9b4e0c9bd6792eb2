"""Delimited text (CSV, TSV) → rows in Parquet, and rejects with line and reason.

Belongs here: the header, and in which order a file is copied, counted and repaired. Does not belong here: bytes as text (text.py),
line ends (line_ends.py), where records begin and end (records.py), cutting some out (salvage.py), DuckDB's own part
(delimited_copy.py).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.readers.delimited_copy import (
    MISQUOTED,
    NOT_UTF_8,
    TOO_FEW,
    TOO_LONG,
    TOO_MANY,
    USUAL_LINE,
    CopyError,
    DelimitedCopy,
    MixedLineEnds,
)
from ingestion.readers.line_ends import with_one_line_end
from ingestion.readers.records import Record, count_by_parity, count_by_parser, count_fields, records_at
from ingestion.readers.results import CheckedFile, ReadResult, UnreadableFile
from ingestion.readers.salvage import Readable, without_misleading_records, without_misquoted_lines
from ingestion.readers.sql import rows_in
from ingestion.readers.text import head, is_decodable, scan

_HEADER_LIMIT = 1 << 22
_DELIMITERS = ",;\t|"


def csv_header(text: Path) -> tuple[list[str], str]:
    """Read the header record and find the delimiter. Returns no columns for an empty file."""
    decoded = head(text, _HEADER_LIMIT).removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
    first_line = next((line for line in decoded.splitlines() if line.strip()), "")
    outside_quotes = "".join(first_line.split('"')[::2])
    delimiter = max(_DELIMITERS, key=outside_quotes.count)
    for record in csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter):
        if record:
            return [name.strip() or f"column_{number}" for number, name in enumerate(record, 1)], delimiter
    return [], delimiter


def load_csv(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedFile,
    columns: Sequence[str],
    delimiter: str,
    technical: str,
    target: Path,
    work: Path,
) -> ReadResult:
    """Copy a CSV file, all columns as text, to zstd Parquet at ``target``; unparsable records come back as rejects.

    ``technical`` is SQL for further columns. The loaded records keep the order of the file, and are not numbered.
    Raises `UnreadableFile` where the file as a whole is no such text.
    """
    copy = DelimitedCopy(connection, tuple(columns), delimiter, technical, target)
    for repaired in with_one_line_end(checked, delimiter, work):
        try:
            return _load(copy, repaired, work)
        except MixedLineEnds:
            # The next repair is a bolder one.
            continue
    raise UnreadableFile("its line ends are so mixed with stray quotes that its records cannot be separated")


@dataclass(frozen=True)
class _Copied:
    """What one copy gave: the records that are rejects, with their reasons, and both counts of those that are not."""

    readable: Readable
    rejected: list[tuple[CopyError, Record]]
    loaded: int
    counted: int

    def is_doubtful(self, copy: DelimitedCopy) -> bool:
        """True where a quote or a very long line may have hidden something, or DuckDB and we do not mean the same records."""
        return self.counted != self.loaded or not all(
            error.kind not in (MISQUOTED, TOO_LONG) and _is_confirmed(error, record, copy) for error, record in self.rejected
        )


def _load(copy: DelimitedCopy, checked: CheckedFile, work: Path) -> ReadResult:
    facts = checked.facts or scan(checked.text)
    readable = without_misleading_records(checked, copy.delimiter, checked.work_file(work, "readable"))
    copied = None
    if facts.longest_line < USUAL_LINE:
        copied = _copied(copy, readable, checked, carefully=False)
    if copied is None or copied.is_doubtful(copy):
        readable = without_misquoted_lines(readable, copy.delimiter, checked.work_file(work, "salvaged"))
        copied = _copied(copy, readable, checked, carefully=True)
    rejects = [
        *readable.rejects,
        *readable.rejected((record, _why(error, record, copy)) for error, record in copied.rejected),
    ]
    in_order = tuple(sorted(rejects, key=lambda reject: reject.line))
    delivered = copied.counted + len(rejects)
    return ReadResult(copy.columns, delivered, copied.loaded, in_order, checked.notes, is_numbered=False)


def _copied(copy: DelimitedCopy, readable: Readable, checked: CheckedFile, *, carefully: bool) -> _Copied:
    errors = copy.make(readable.text, carefully=carefully)
    rejected = list(zip(errors, records_at(readable.text, [error.offset for error in errors], copy.delimiter), strict=True))
    loaded = rows_in(copy.connection, copy.target)
    real = [(error, record) for error, record in rejected if not record.is_inside_quotes]
    if len(real) < len(rejected) and _parsed(copy, readable, _extents(real)) == loaded:
        # DuckDB says of parts of records that it loaded that they are wrong, where one of its buffers ends inside of them.
        return _Copied(readable, real, loaded, loaded)
    return _Copied(readable, rejected, loaded, _second_count(copy, readable, checked, _extents(rejected), loaded))


def _extents(rejected: Sequence[tuple[CopyError, Record]]) -> list[tuple[int, int]]:
    return [(record.start, record.end) for _, record in rejected]


def _parsed(copy: DelimitedCopy, readable: Readable, skipped: Sequence[tuple[int, int]]) -> int | None:
    """The number of rows by Python's own parser; None where it cannot read them."""
    found = count_by_parser(readable.text, copy.delimiter, skipped)
    return None if found is None else found - 1


def _second_count(
    copy: DelimitedCopy, readable: Readable, checked: CheckedFile, skipped: Sequence[tuple[int, int]], loaded: int
) -> int:
    """Count the records that are no rejects without DuckDB, so that one it passes over in silence is missed by the sums.

    Line feeds tell where nothing is quoted, and nothing is blank (a blank line can only make them more than the rows); else the
    parity of quotes; and where that disagrees, Python's own parser decides.
    """
    is_untouched = readable.text == checked.text and not skipped
    if is_untouched and checked.facts is not None and checked.facts.plain_lines == loaded + 1:
        return loaded
    by_parity = count_by_parity(readable.text, skipped) - 1
    if by_parity == loaded:
        return by_parity
    by_parser = _parsed(copy, readable, skipped)
    return by_parity if by_parser is None else by_parser


def _why(error: CopyError, record: Record, copy: DelimitedCopy) -> str:
    """DuckDB stops counting at the first field too many."""
    fields = count_fields(record, copy.delimiter) if error.kind in (TOO_FEW, TOO_MANY) else None
    if fields is None:
        return error.reason
    return f"it has {fields} field{'' if fields == 1 else 's'}, and the header has {len(copy.columns)}"


def _is_confirmed(error: CopyError, record: Record, copy: DelimitedCopy) -> bool:
    """True where the record at the place that DuckDB names is wrong in the way that it says."""
    if error.kind in (TOO_FEW, TOO_MANY):
        return count_fields(record, copy.delimiter) != len(copy.columns)
    return error.kind != NOT_UTF_8 or not is_decodable(record.content, "utf-8")
