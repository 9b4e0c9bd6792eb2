"""Delivered bytes → rows in Parquet and rejects with line and reason: integrity, encoding, header, CSV and JSON Lines.

Belongs here: everything about formats. Does not belong here: which object a file is (landing.py), what its columns mean
(columns.py), or where the result is kept (store.py). The traps that this module closes are measured in its tests.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import duckdb

from funnelcast.errors import FunnelcastError

_CHUNK = 1 << 20
_HEADER_LIMIT = 1 << 22
_LONGEST_LINE = 32 << 20
# A gzip may grow this much; beyond it, it is taken for a bomb (real extracts compress 5 to 40 times).
_LARGEST_EXPANSION = 400
_ALWAYS_ALLOWED = 64 << 20
# Unclosed quotes are cut out one at a time, since each hides what follows it.
_MOST_UNCLOSED_QUOTES = 50
_DELIMITERS = ",;\t|"
# A key of a JSON object, up to its value.
_JSON_KEY = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*')
# Counting records a second time in Python costs about 10 ms per MB; above this the gate relies on line counts alone.
_RECOUNT_LIMIT = 64 << 20
TECHNICAL_COLUMNS = ("_file", "_row", "_extracted_at", "_sequence")


class UnreadableFile(FunnelcastError):
    """A delivered file whose content cannot be trusted as a whole; nothing of it is loaded."""

    exit_code = 3


@dataclass(frozen=True)
class Reject:
    """A line that cannot be parsed: ``line`` counts physical lines from 1."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class CheckedFile:
    """A delivered file whose bytes are whole: its hash, and plain text to read from, of which ``rejects`` are gone already."""

    text: Path
    sha256: str
    text_bytes: int
    notes: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True)
class ReadResult:
    """What one file gave. ``rows_delivered`` is counted apart from the loading wherever that can be done."""

    columns: tuple[str, ...]
    rows_delivered: int
    rows_loaded: int
    rejects: tuple[Reject, ...] = field(default=())


def check_integrity(path: Path, is_gzipped: bool, work: Path) -> CheckedFile:
    """Read the whole file once: hash what was delivered, verify a gzip to its end, and leave plain UTF-8 text.

    DuckDB accepts a gzip with a wrong checksum and cannot read mixed line ends, so neither reaches it.
    Raises `UnreadableFile` when the stream is cut off, corrupt, or far larger than a real extract could be.
    """
    sha = _sha256(path)
    text = path
    notes: list[str] = []
    if is_gzipped:
        text = work / f"{sha[:16]}.unpacked"
        _unpack(path, text)
    size = text.stat().st_size
    head = _head(text)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _transcoded(text, work / f"{sha[:16]}.utf8", "utf-16")
        notes.append("UTF-16 read")
    elif _is_windows_1252(text):
        text = _transcoded(text, work / f"{sha[:16]}.utf8", "cp1252")
        notes.append("Windows-1252 read")
    if _has_mixed_line_ends(text):
        text = _with_line_feeds(text, work / f"{sha[:16]}.lf")
        notes.append("mixed line ends made one")
    return CheckedFile(text, sha, size, tuple(notes))


def csv_header(text: Path) -> tuple[list[str], str]:
    """Read the header record and find the delimiter. Returns no columns for an empty file."""
    head = _head(text, _HEADER_LIMIT).removeprefix(codecs.BOM_UTF8)
    decoded = head.decode("utf-8", errors="replace")
    first_line = next((line for line in decoded.splitlines() if line.strip()), "")
    outside_quotes = "".join(first_line.split('"')[::2])
    delimiter = max(_DELIMITERS, key=outside_quotes.count)
    for record in csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter):
        if record:
            return [name.strip() or f"column_{number}" for number, name in enumerate(record, 1)], delimiter
    return [], delimiter


def json_lines(
    connection: duckdb.DuckDBPyConnection, checked: CheckedFile, work: Path, items_under: str | None = None
) -> CheckedFile:
    """Make a file of JSON one of lines that DuckDB can read: an array becomes lines, and lines that are no text become blank.

    ``items_under`` names the array of a page object, whose elements become lines too; other objects stay rows.
    Raises `UnreadableFile` for an array or a page that cannot be read to its end.
    """
    target = work / f"{checked.sha256[:16]}.jsonl"
    if items_under is not None and _has_pages(checked.text, items_under):
        _unroll_pages(connection, checked.text, target, items_under)
        return replace(checked, text=target, notes=(*checked.notes, "pages of an API's list read as lines"))
    if re.match(rb"\s*\[\s*[{\]]", _head(checked.text, _CHUNK).removeprefix(codecs.BOM_UTF8)):
        _unroll_array(connection, checked.text, target)
        return replace(checked, text=target, notes=(*checked.notes, "one JSON array read as lines"))
    if _is_utf_8(checked.text):
        return checked
    rejects: list[Reject] = []
    with checked.text.open("rb") as source, target.open("wb") as result:
        for number, line in enumerate(source, 1):
            is_text = _is_decodable(line, "utf-8")
            # A blank line is no row, and keeps the numbers of those after it.
            result.write(line if is_text else b"\n")
            if not is_text:
                rejects.append(Reject(number, "it is not UTF-8 text", line.decode("utf-8", errors="replace").rstrip("\r\n")))
    return replace(checked, text=target, rejects=tuple(rejects))


def jsonl_columns(connection: duckdb.DuckDBPyConnection, text: Path) -> list[str]:
    """List the keys of all objects, in the order in which they first appear."""
    rows = connection.execute(
        f"""
        with lines as (select line, row_number() over () as row from {_lines_of(text)}),
        keys as (select unnest(json_keys(line)) as key, row from lines where {_is_object("line")})
        select key from keys group by key order by min(row), key
        """
    ).fetchall()
    return [key for (key,) in rows]


def load_csv(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedFile,
    columns: Sequence[str],
    delimiter: str,
    technical: str,
    target: Path,
    work: Path,
) -> ReadResult:
    """Copy a CSV file, all columns as text, to zstd Parquet at ``target``; unparsable lines come back as rejects.

    ``technical`` is SQL for further columns; ``_row`` numbers the loaded records from 1, in the order of the file.
    """
    text, cut_out, rejects = _without_misleading_lines(checked.text, work / f"{checked.sha256[:16]}.text")
    for attempt in range(_MOST_UNCLOSED_QUOTES + 1):
        _copy_csv(connection, text, columns, delimiter, technical, target)
        errors = _csv_errors(connection, text)
        unclosed = [error for error in errors if error[1] == "UNQUOTED VALUE"]
        if not unclosed:
            rejects += [_reject_at(text, position, reason, cut_out) for position, _, reason in errors]
            break
        if attempt == _MOST_UNCLOSED_QUOTES:
            raise UnreadableFile(f"more than {_MOST_UNCLOSED_QUOTES} of its lines open a quote and never close it")
        reject = _reject_at(text, unclosed[0][0], "a quote is opened and never closed", cut_out)
        text = _without_line(text, unclosed[0][0], work / f"{checked.sha256[:16]}.{attempt}.salvaged")
        cut_out.append(reject.line)
        rejects.append(reject)
    loaded = _rows_in(connection, target)
    delivered = loaded + len(rejects)
    if not rejects and checked.text_bytes <= _RECOUNT_LIMIT:
        delivered = _count_csv_records(text, delimiter)
    return ReadResult(tuple(columns), delivered, loaded, tuple(sorted(rejects, key=lambda reject: reject.line)))


def load_jsonl(
    connection: duckdb.DuckDBPyConnection, checked: CheckedFile, columns: Sequence[str], technical: str, target: Path
) -> ReadResult:
    """Copy JSON Lines, all values as text (nested ones as JSON), to zstd Parquet; broken lines come back as rejects.

    ``_row`` is the number of the line in the file. Blank lines are no rows.
    """
    lines = (
        f"(select * from (select line, row_number() over () as row from {_lines_of(checked.text)}) where trim(line) <> '')"
    )
    values = ", ".join(
        f"json_extract_string(line, {sql_text('/' + name.replace('~', '~0').replace('/', '~1'))}) as {sql_name(name)}"
        for name in columns
    )
    connection.execute(
        f"copy (select {values}{',' if values else ''} row as _row, {technical} from {lines} where {_is_object('line')}) "
        f"to {sql_text(str(target))} (format parquet, compression zstd)"
    )
    broken = connection.execute(f"select row, line from {lines} where not ({_is_object('line')}) order by row").fetchall()
    rejects = [*checked.rejects, *(Reject(int(row), "it is not a JSON object", str(line)) for row, line in broken)]
    delivered = len(checked.rejects) + sum(1 for line in _text_lines(checked.text) if line.strip())
    in_order = tuple(sorted(rejects, key=lambda reject: reject.line))
    return ReadResult(tuple(columns), delivered, _rows_in(connection, target), in_order)


def sql_text(value: str) -> str:
    """Quote a value as an SQL string: delivered names are text, never code."""
    return "'" + value.replace("'", "''") + "'"


def sql_name(value: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def _copy_csv(
    connection: duckdb.DuckDBPyConnection, text: Path, columns: Sequence[str], delimiter: str, technical: str, target: Path
) -> None:
    names = [f"{name}_" if name.casefold() in TECHNICAL_COLUMNS else name for name in columns]
    types = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in names)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    connection.execute(
        f"""
        copy (
            select *, row_number() over () as _row, {technical}
            from read_csv({sql_text(str(text))}, auto_detect = false, header = true, columns = {{{types}}},
                delim = {sql_text(delimiter)}, quote = '"', escape = '"', strict_mode = true, null_padding = false,
                max_line_size = {_LONGEST_LINE}, store_rejects = true, rejects_limit = 0)
        ) to {sql_text(str(target))} (format parquet, compression zstd)
        """
    )


def _csv_errors(connection: duckdb.DuckDBPyConnection, text: Path) -> list[tuple[int, str, str]]:
    """One entry per bad record: (byte offset of its first line, kind, reason). A record can have several errors.

    DuckDB counts bytes from 1 and lets a record begin with the blank lines before it.
    """
    rows = connection.execute(
        """
        select line_byte_position, arg_min(error_type::varchar, column_idx), arg_min(error_message, column_idx)
        from reject_errors group by line_byte_position order by line_byte_position
        """
    ).fetchall()
    with text.open("rb") as stream:
        return [
            (_past_blank_lines(stream, int(position) - 1), str(kind), _first_sentence(str(reason)))
            for position, kind, reason in rows
        ]


def _past_blank_lines(stream: BinaryIO, offset: int) -> int:
    stream.seek(offset)
    while stream.read(1) in (b"\n", b"\r"):
        offset += 1
    return offset


def _first_sentence(message: str) -> str:
    return next((part.strip() for part in message.splitlines() if part.strip()), "unreadable")


def _reject_at(text: Path, offset: int, reason: str, cut_out: Sequence[int]) -> Reject:
    """Name the physical line at ``offset`` by its number in the delivered file, of which ``cut_out`` lines are gone."""
    line = 1
    with text.open("rb") as stream:
        remaining = offset
        while chunk := stream.read(min(_CHUNK, remaining)):
            line += chunk.count(b"\n")
            remaining -= len(chunk)
        bad = stream.readline(_LONGEST_LINE)
    for gone in sorted(cut_out):
        line += 1 if gone <= line else 0
    return Reject(line, reason, bad.decode("utf-8", errors="replace").rstrip("\r\n"))


def _without_line(text: Path, offset: int, target: Path) -> Path:
    """Copy ``text`` without the physical line at ``offset``, so that what it hides can be read."""
    with text.open("rb") as source, target.open("wb") as result:
        result.write(source.read(offset))
        source.readline()
        while chunk := source.read(_CHUNK):
            result.write(chunk)
    return target


def _without_misleading_lines(text: Path, target: Path) -> tuple[Path, list[int], list[Reject]]:
    """Cut out what DuckDB would misread: blank lines before the header (it takes the first for the header), and lines with a
    NUL byte (it takes that for text). Returns the numbers of the lines that are gone, and those of them that are rejects."""
    has_nul = any(b"\0" in chunk for chunk in _chunks(text))
    if not has_nul and not _head(text).removeprefix(codecs.BOM_UTF8).startswith((b"\n", b"\r\n")):
        return text, [], []
    cut_out: list[int] = []
    rejects: list[Reject] = []
    with text.open("rb") as source, target.open("wb") as result:
        for number, line in enumerate(source, 1):
            is_before_header = len(cut_out) == number - 1 and not line.removeprefix(codecs.BOM_UTF8).strip(b"\r\n")
            if not is_before_header and b"\0" not in line:
                result.write(line)
                continue
            cut_out.append(number)
            if not is_before_header:
                reason = "it holds a NUL byte"
                rejects.append(Reject(number, reason, line.decode("utf-8", errors="replace").rstrip("\r\n")))
    return target, cut_out, rejects


def _rows_in(connection: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    rows = connection.execute(f"select count(*) from read_parquet({sql_text(str(parquet))})").fetchall()
    return int(rows[0][0])


def _count_csv_records(text: Path, delimiter: str) -> int:
    """Count records with Python's own parser: a second opinion, so that a row DuckDB skips in silence is missed by the sums."""
    csv.field_size_limit(_LONGEST_LINE)
    with text.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        return max(sum(1 for record in csv.reader(stream, delimiter=delimiter) if record) - 1, 0)


def _has_pages(text: Path, items_under: str) -> bool:
    """True where the first object of the file has an array under this name at its top."""
    head = _head(text, _CHUNK).removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace").lstrip()
    if not head.startswith("{"):
        return False
    # The rows inside hold names of their own, so that the first place of this one is not enough: read on key by key.
    decoder, position = json.JSONDecoder(), 1
    while (key := _JSON_KEY.match(head, position)) is not None:
        if json.loads(key[1]) == items_under:
            return head[key.end() : key.end() + 1] == "["
        try:
            _, position = decoder.raw_decode(head, key.end())
        except json.JSONDecodeError:
            return False
    return False


def _unroll_pages(connection: duckdb.DuckDBPyConnection, text: Path, target: Path, items_under: str) -> None:
    """Write each row of the pages on a line of its own; an object without the array is a row itself."""
    path = sql_text("/" + items_under)
    try:
        rows = connection.execute(
            f"""
            with pages as (
                select json, row_number() over () as page
                from read_json_objects(?, format = 'unstructured', maximum_object_size = ?)
            ),
            rows as (
                select page, case when json_type(json, {path}) = 'ARRAY' then cast(json_extract(json, {path}) as json[])
                    else [json] end as items
                from pages
            )
            select json(unnest(items))::varchar from rows order by page
            """,
            [str(text), _LONGEST_LINE],
        )
        with target.open("w", encoding="utf-8", newline="") as result:
            while batch := rows.fetchmany(10_000):
                result.writelines(f"{row}\n" for (row,) in batch)
    except duckdb.Error as error:
        raise UnreadableFile(f"a page of its list cannot be read to its end ({_first_sentence(str(error))})") from error


def _unroll_array(connection: duckdb.DuckDBPyConnection, text: Path, target: Path) -> None:
    """Write each element of a JSON array on a line of its own."""
    try:
        elements = connection.execute(
            "select json(json)::varchar from read_json_objects(?, format = 'array', maximum_object_size = ?)",
            [str(text), _LONGEST_LINE],
        )
        with target.open("w", encoding="utf-8", newline="") as result:
            while batch := elements.fetchmany(10_000):
                result.writelines(f"{element}\n" for (element,) in batch)
    except duckdb.Error as error:
        raise UnreadableFile(f"it is a JSON array that cannot be read to its end ({_first_sentence(str(error))})") from error


def _lines_of(text: Path) -> str:
    # One column with a delimiter that JSON text never holds unescaped: each line arrives as it is.
    return (
        f"read_csv({sql_text(str(text))}, auto_detect = false, header = false, columns = {{'line': 'VARCHAR'}}, "
        f"delim = '\x01', quote = '', escape = '', max_line_size = {_LONGEST_LINE})"
    )


def _is_object(line: str) -> str:
    return f"coalesce(case when json_valid({line}) then json_type({line}) = 'OBJECT' end, false)"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _head(path: Path, size: int = 4) -> bytes:
    with path.open("rb") as stream:
        return stream.read(size)


def _unpack(path: Path, target: Path) -> None:
    limit = max(_ALWAYS_ALLOWED, path.stat().st_size * _LARGEST_EXPANSION)
    written = 0
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as result:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > limit:
                    raise UnreadableFile(
                        f"it unpacks to more than {limit >> 20} MB, which is more than an extract of its size can hold"
                    )
                result.write(chunk)
    except EOFError as error:
        raise UnreadableFile("its gzip stream is cut off before its end") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile(f"its gzip stream is corrupt ({error})") from error


def _has_mixed_line_ends(text: Path) -> bool:
    feeds = pairs = 0
    previous_was_return = False
    for chunk in _chunks(text):
        feeds += chunk.count(b"\n")
        pairs += chunk.count(b"\r\n") + (1 if previous_was_return and chunk.startswith(b"\n") else 0)
        previous_was_return = chunk.endswith(b"\r")
    return 0 < pairs < feeds


def _with_line_feeds(text: Path, target: Path) -> Path:
    with (
        text.open(encoding="utf-8", errors="surrogateescape", newline="") as source,
        target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as result,
    ):
        carried = ""
        while chunk := source.read(_CHUNK):
            whole = carried + chunk
            carried = "\r" if whole.endswith("\r") else ""
            result.write(whole.removesuffix(carried).replace("\r\n", "\n"))
        result.write(carried)
    return target


def _is_windows_1252(text: Path) -> bool:
    """True where nothing that is not ASCII is UTF-8, and all of it is Windows-1252, the one that Excel saves.

    Where some lines are UTF-8 and others are not, the others are not guessed at: they are rejected one by one.
    """
    if _is_utf_8(text):
        return False
    with text.open("rb") as stream:
        for line in stream:
            if not line.isascii() and (_is_decodable(line, "utf-8") or not _is_decodable(line, "cp1252")):
                return False
    return True


def _is_utf_8(text: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(text):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_decodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _transcoded(text: Path, target: Path, encoding: str) -> Path:
    try:
        with text.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as result:
            while chunk := source.read(_CHUNK):
                result.write(chunk)
    except UnicodeError as error:
        raise UnreadableFile(
            f"it begins as {encoding} but does not stay so ({error.reason if isinstance(error, UnicodeDecodeError) else error})"
        ) from error
    return target


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _text_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        yield from stream
