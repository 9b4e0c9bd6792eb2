"""The proof of an erasure: a search of every byte and every cell below home for somebody who must not be found there.

Belongs here: looking, whatever the format, and saying what was looked at. Does not belong here: erasing.
It shares nothing with the erasure but the words to look for, so that a fault there is found here.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import zstandard

from ingestion.readers import sql_name, sql_text
from ingestion.suppression import Person

_CHUNK = 8 << 20
# Longer than any address or name: what lies across two chunks is found in the overlap.
_OVERLAP = 2048
_MOST_NESTED = 3


@dataclass
class Search:
    """What was searched, and where something was found."""

    files: int = 0
    bytes: int = 0
    tables: int = 0
    unpacked: int = 0
    found: list[Path] = field(default_factory=list)
    # Files whose content could not be decoded: nothing is proven of them.
    undecided: list[Path] = field(default_factory=list)

    @property
    def proves(self) -> bool:
        return not self.found and not self.undecided


class Needles:
    """What is looked for: the person's addresses in every spelling, and their full names unless others have them too."""

    def __init__(self, person: Person) -> None:
        self._texts = [re.escape(address).replace("@", "(?:@|%40)") for address in sorted(person.addresses)]
        names = () if person.is_name_shared else sorted(person.names)
        self._texts += [r"[\W_]{1,4}".join(map(re.escape, name.split())) for name in names]
        bounded = "|".join(rf"(?<![\w.+-]){text}(?![\w-]|\.\w)" for text in self._texts)
        self._in_text = re.compile(bounded, re.IGNORECASE)
        escaped = [re.escape(text) for text in map(_escaped, (*person.addresses, *names)) if text]
        # In bytes, what stands next to a word may be the length of the next one: no bounds.
        self._in_bytes = re.compile("|".join([*self._texts, *escaped]), re.IGNORECASE)
        # Every cell that can hold one of them holds one of these words; looking for words is many times as fast.
        self.words = sorted(
            {address.split("@")[0] for address in person.addresses} | {max(name.split(), key=len) for name in names}
        )
        self._in_any_writing = [*self.words, *(text for text in map(_escaped, self.words) if text)]

    def in_text(self, text: str) -> bool:
        return self._in_text.search(unicodedata.normalize("NFC", text)) is not None

    def in_bytes(self, content: bytes) -> bool:
        """Whether bytes hold one of them, as UTF-8 or UTF-16, or as Python and JSON escape them."""
        return any(
            any(word in text for word in self._in_any_writing) and self._in_bytes.search(text) is not None
            for text in _readings(content)
        )


def _readings(content: bytes) -> Iterator[str]:
    """The texts that bytes can be."""
    yield content.decode("utf-8", "ignore").casefold()
    if b"\0" in content:
        # UTF-16 of either order, beginning at either byte.
        for start in (0, 1):
            yield content[start:].decode("utf-16-le", "ignore").casefold()


def search(home: Path, person: Person, leave_out: Iterable[Path] = ()) -> Search:
    """Search every file below home; ``leave_out`` are files that are known to hold the person until the proof is given."""
    needles, result, skipped = Needles(person), Search(), set(leave_out)
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file() or path in skipped:
            continue
        result.files += 1
        result.bytes += path.stat().st_size
        if needles.in_text(path.relative_to(home).as_posix()) or holds(path, needles, result):
            result.found.append(path)
    return result


def holds(path: Path, needles: Needles, result: Search | None = None) -> bool:
    """Whether a file holds one of them, in its bytes, in what it unpacks to, or in its tables' cells."""
    told = result or Search()
    with path.open("rb") as file:
        head = file.read(16)
    try:
        cells = _cells_hold(path, head, needles, told)
    except (duckdb.Error, sqlite3.Error):
        told.undecided.append(path)
        cells = None
    if cells:
        return True
    try:
        with path.open("rb") as file:
            in_bytes = _stream_holds(file, needles, told)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, zstandard.ZstdError):
        # It calls itself packed and cannot be unpacked to its end.
        told.undecided.append(path)
        return False
    # Bytes have no bounds: `bob@x.com` is in `jimbob@x.com`. Where cells were read, they say which of the two it is.
    return in_bytes and not (cells is False and _is_part_of_others(path, head, needles))


def _stream_holds(stream: BinaryIO, needles: Needles, told: Search, depth: int = 0) -> bool:
    head = stream.read(4)
    stream.seek(0)
    if depth < _MOST_NESTED and (inner := _unpacked(stream, head)) is not None:
        told.unpacked += 1
        if any(_chunks_hold(part, needles) for part in inner):
            return True
        stream.seek(0)
    return _chunks_hold(stream, needles)


def _unpacked(stream: BinaryIO, head: bytes) -> Iterator[BinaryIO] | None:
    if head.startswith(b"\x1f\x8b"):
        return iter([cast("BinaryIO", gzip.GzipFile(fileobj=stream))])
    if head == b"\x28\xb5\x2f\xfd":
        return iter([zstandard.ZstdDecompressor().stream_reader(stream)])
    if head.startswith(b"PK\x03\x04"):
        archive = zipfile.ZipFile(stream)
        return (cast("BinaryIO", archive.open(name)) for name in archive.namelist())
    return None


def _chunks_hold(stream: BinaryIO, needles: Needles) -> bool:
    kept = b""
    while chunk := stream.read(_CHUNK):
        if needles.in_bytes(kept + chunk):
            return True
        kept = chunk[-_OVERLAP:]
    return False


def _cells_hold(path: Path, head: bytes, needles: Needles, told: Search) -> bool | None:
    """Whether a table's cells hold one of them; None for a file without tables."""
    return any(needles.in_text(text) for text in cells) if (cells := _cells(path, head, needles, told)) is not None else None


def _is_part_of_others(path: Path, head: bytes, needles: Needles) -> bool:
    cells = _cells(path, head, needles, Search())
    return cells is not None and any(needles.in_bytes(text.encode()) for text in cells)


def _cells(path: Path, head: bytes, needles: Needles, told: Search) -> Iterator[str] | None:
    if head.startswith(b"PAR1"):
        return _parquet_cells(path, needles, told)
    if head[8:12] == b"DUCK":
        return _duckdb_cells(path, needles, told)
    if head.startswith(b"SQLite format 3"):
        return _sqlite_cells(path, told)
    return None


def _parquet_cells(path: Path, needles: Needles, told: Search) -> Iterator[str]:
    with duckdb.connect() as connection:
        yield from _texts(connection, f"read_parquet({sql_text(str(path))}, hive_partitioning = false)", needles)
    told.tables += 1


def _duckdb_cells(path: Path, needles: Needles, told: Search) -> Iterator[str]:
    with duckdb.connect() as connection:
        connection.execute(f"attach {sql_text(str(path))} as searched (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'searched' order by all"
        ).fetchall()
        for schema, table in tables:
            yield from _texts(connection, f"searched.{sql_name(schema)}.{sql_name(table)}", needles)
            told.tables += 1


def _texts(connection: duckdb.DuckDBPyConnection, source: str, needles: Needles) -> Iterator[str]:
    """The different values that can hold one of them; nested ones as text."""
    columns = [str(row[0]) for row in connection.execute(f"describe from {source}").fetchall()]
    casts = ", ".join(f"cast({sql_name(name)} as varchar) as {sql_name(name)}" for name in columns)
    listed = ", ".join(map(sql_name, columns))
    tests = " or ".join(
        f"contains(lower(nfc_normalize(_value)), {sql_text(unicodedata.normalize('NFC', word))})" for word in needles.words
    )
    values = connection.execute(
        f"select distinct _value from (unpivot (select {casts} from {source}) on {listed} into name _name value _value) where {tests}"
    )
    while batch := values.fetchmany(10_000):
        yield from (value for (value,) in batch)


def _sqlite_cells(path: Path, told: Search) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in connection.execute(f"select * from {sql_name(table)}"):
                yield from (text for cell in row if (text := _as_text(cell)))
            told.tables += 1


def _as_text(cell: object) -> str:
    if isinstance(cell, bytes):
        try:
            return zlib.decompress(cell).decode("utf-8", "replace")
        except zlib.error:
            # Not packed: its own bytes are what there is to read.
            return cell.decode("utf-8", "replace")
    return cell if isinstance(cell, str) else ""


def _escaped(text: str) -> str | None:
    written = text.encode("unicode_escape").decode()
    return written if written != text else None
