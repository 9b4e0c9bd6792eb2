"""Any table of text, in any format, encoding, delimiter and packing that we read: raw holds exactly its cells.

Assumption guarded: P1 of FAULTS.md at the file, whatever the file is. Broken by: ingestion/readers/.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion.readers import (
    Compression,
    ReadResult,
    UnreadableFile,
    check,
    check_integrity,
    csv_header,
    load_csv,
    open_file,
)
from ingestion.readers.reading import Format

Rows = list[list[str]]
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# What Windows-1252 and every other encoding can write.
WESTERN = st.sampled_from("abc 1.5,;|\t\"'\n€éüßÄ–Œ=#\\")
ANYTHING = st.characters(exclude_categories=("Cs", "Cc"))
CELLS = st.text(WESTERN, max_size=8) | st.text(ANYTHING, max_size=6)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def read(
    connection: duckdb.DuckDBPyConnection, folder: Path, content: bytes, kind: Format, compression: Compression | None = None
) -> tuple[ReadResult, list[list[str | None]]]:
    path, target = folder / "delivered [1]*?", folder / "loaded.parquet"
    path.write_bytes(content)
    checked = check(path, kind, compression, folder)
    opened = open_file(connection, checked, kind, lambda columns: True, folder)
    result = opened.load("'x' as _file", target)
    assert result.rows_delivered == result.rows_loaded + len(result.rejects)
    source = f"(select * exclude (_file) from read_parquet('{target}'))"
    if result.is_numbered:
        source = f"(select * exclude (_row) from {source} order by _row)"
    rows = connection.execute(f"from {source}").fetchall()
    assert len(rows) == result.rows_loaded
    return result, [list(row) for row in rows]


def plain(rows: Sequence[Sequence[str | None]]) -> Rows:
    return [[value or "" for value in row] for row in rows]


def _in_windows_1252(cell: str) -> str:
    """What it can write, but no two characters whose bytes are one of UTF-8's (as "Ä€" is "Ā"): nobody can tell these apart."""
    return re.sub(rb"(?<=[\xc2-\xf4])[\x80-\xbf]+", b"", cell.encode("cp1252", "ignore")).decode("cp1252")


PACKED: dict[Compression | None, Callable[[bytes], bytes]] = {
    None: lambda content: content,
    "gz": gzip.compress,
    "zst": lambda content: zstandard.ZstdCompressor(write_checksum=True).compress(content),
}


@PATIENT
@given(
    rows=st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)),
    delimiter=st.sampled_from(",;\t|"),
    line_ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=7, max_size=7)
    | st.sampled_from([["\n"] * 7, ["\r\n"] * 7]),
    is_ended=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
    compression=st.sampled_from([None, "gz", "zst"]),
)
@example([["\n", "a"]], ",", ["\r\n"] * 3 + ["\n"] * 4, True, "utf-8", None)
@example([["", "Ä"], ["", "Â\xa0"]], ",", ["\n"] * 7, True, "cp1252", None)
def test_delimited_text(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    rows: Rows,
    delimiter: str,
    line_ends: list[str],
    is_ended: bool,
    encoding: str,
    compression: Compression | None,
) -> None:
    """FAULTS 17, 18: also where every record ends in another way."""
    if encoding == "cp1252":
        rows = [[_in_windows_1252(cell) for cell in row] for row in rows]
    width = len(rows[0]) if rows else 2
    records = []
    for row in [[f"c{number}" for number in range(width)], *rows]:
        line = io.StringIO()
        csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(row)
        records.append(line.getvalue().removesuffix("\r\n"))
    ended = [record + end for record, end in zip(records, line_ends, strict=False)]
    text = "".join(ended) if is_ended else "".join(ended).removesuffix(line_ends[len(records) - 1])
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    result, found = read(connection, tmp_path, PACKED[compression](mark + text.encode(encoding)), "csv", compression)
    assert result.rejects == ()
    assert plain(found) == rows
    if encoding.startswith("utf-16"):
        assert "UTF-16 read" in result.notes


@PATIENT
@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6),
    shape=st.sampled_from(["lines", "array", "indented", "envelope"]),
    compression=st.sampled_from([None, "gz", "zst"]),
)
def test_json(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, rows: Rows, shape: str, compression: Compression | None
) -> None:
    """FAULTS 20; an envelope is what HubSpot's and Instantly's APIs answer with."""
    objects = [{"id": row[0], "name": row[1]} for row in rows]
    text = {
        "lines": "".join(json.dumps(found) + "\n" for found in objects),
        "array": json.dumps(objects, ensure_ascii=False),
        "indented": json.dumps(objects, indent=2),
        "envelope": json.dumps({"items": objects, "next_starting_after": "x"}, indent=1),
    }[shape]
    result, found = read(connection, tmp_path, PACKED[compression](text.encode()), "jsonl", compression)
    assert (result.columns, result.rejects) == (("id", "name"), ())
    assert found == rows


def test_a_row_with_a_list_of_its_own_is_no_envelope(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    content = b'{"id": 1, "items": [1, 2]}\n{"id": 2, "items": [{"a": 1}]}\n'
    result, found = read(connection, tmp_path, content, "jsonl")
    assert (result.rows_loaded, found) == (2, [["1", "[1,2]"], ["2", '[{"a":1}]']])


def test_a_key_that_is_named_twice_is_quarantined(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    result, found = read(connection, tmp_path, b'{"a": 1, "a": 2}\n{"a": 3}\n', "jsonl")
    assert found == [["3"]]
    assert [(reject.line, reject.reason) for reject in result.rejects] == [(1, "it names a key more than once")]


def test_a_json_line_of_fifty_megabytes_is_quarantined(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 19: and the lines after it are intact."""
    content = b'{"a": "1"}\n{"a": "' + b"x" * (50 << 20) + b'"}\n\t\n{"a": "2"}\n'
    result, found = read(connection, tmp_path, content, "jsonl")
    assert found == [["1"], ["2"]]
    assert [reject.line for reject in result.rejects] == [2]
    assert "only its beginning is kept" in result.rejects[0].reason


@pytest.mark.parametrize("size", [3 << 20, 20 << 20])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_long_records_are_read(connection: duckdb.DuckDBPyConnection, tmp_path: Path, size: int, kind: Format) -> None:
    value = "x" * size
    text = f'a,b\n1,{value}\n2,"y"\n' if kind == "csv" else f'{{"a":1,"b":"{value}"}}\n{{"a":2,"b":"y"}}\n'
    _, found = read(connection, tmp_path, text.encode(), kind)
    assert [(row[0], len(row[1] or "")) for row in found] == [("1", size), ("2", 1)]


def test_a_record_of_many_lines_that_is_too_long_is_quarantined(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """DuckDB passes over a record that is longer than its buffer without a word; the second count finds it."""
    content = b'a,b\n1,2\n3,"' + (b"l" * 999 + b"\n") * (36 << 10) + b'"\n5,6\n'
    result, found = read(connection, tmp_path, content, "csv")
    assert found == [["1", "2"], ["5", "6"]]
    assert [reject.line for reject in result.rejects] == [3]


def test_the_whole_of_a_record_of_several_lines_is_quarantined(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Its text can be repaired and delivered again: no line of it is lost."""
    content = b'a,b\n1,2,"three\nlines\nof it"\n"NUL\n\x00 here",x\n4,5\n'
    result, found = read(connection, tmp_path, content, "csv")
    assert found == [["4", "5"]]
    assert [(reject.line, reject.text) for reject in result.rejects] == [
        (2, '1,2,"three\nlines\nof it"'),
        (5, '"NUL\n\x00 here",x'),
    ]


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", "[ab]*.csv"])
def test_a_name_is_no_pattern(connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str) -> None:
    """FAULTS 50: DuckDB alone reads `a1.csv` where it is told `a[1].csv`."""
    for other in ("a1.csv", "ab.csv", "b.csv"):
        (tmp_path / other).write_text("a,b\nwrong,file\n", encoding="utf-8")
    path, target = tmp_path / name, tmp_path / "loaded.parquet"
    path.write_text("a,b\nright,file\n", encoding="utf-8")
    checked = check_integrity(path, None, tmp_path)
    columns, delimiter = csv_header(checked.text)
    load_csv(connection, checked, columns, delimiter, "'x' as _file", target, tmp_path)
    assert connection.execute(f"select a from read_parquet('{target}')").fetchall() == [("right",)]


@pytest.mark.parametrize("quoted", [False, True])
def test_a_row_that_the_reader_passes_over_is_missed_by_the_sums(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quoted: bool
) -> None:
    """P1: the second count is made apart from DuckDB, in many chunks, with quotes and without."""
    import ingestion.readers.delimited as delimited

    line = b'12345,"some text, in\nquotes ""and"" more"\n' if quoted else b"12345,some text without any quotes at all\n"
    path, target = tmp_path / "large.csv", tmp_path / "loaded.parquet"
    path.write_bytes(b"a,b\n" + line * 300_000)
    checked = check_integrity(path, None, tmp_path)
    assert checked.text_bytes > 8 << 20
    result = load_csv(connection, checked, ["a", "b"], ",", "'x' as _file", target, tmp_path)
    assert (result.rows_delivered, result.rows_loaded) == (300_000, 300_000)
    # As if DuckDB had passed over one.
    counted = delimited.rows_in
    monkeypatch.setattr(delimited, "rows_in", lambda *found: counted(*found) - 1)
    result = load_csv(connection, checked, ["a", "b"], ",", "'x' as _file", target, tmp_path)
    assert (result.rows_delivered, result.rows_loaded) == (300_000, 299_999)


# Zstandard: DuckDB alone reads a stream that is cut off as if it were whole

TEXT = ("id,name\n" + "".join(f"{number},name {number}\n" for number in range(2_000))).encode()
FRAME = zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)


def unpacked(folder: Path, content: bytes) -> bytes:
    path = folder / "delivered.csv.zst"
    path.write_bytes(content)
    return check_integrity(path, "zst", folder).text.read_bytes()


@PATIENT
@given(length=st.integers(1, len(FRAME) - 1))
def test_a_frame_cut_off_anywhere_is_refused(tmp_path: Path, length: int) -> None:
    """FAULTS 2."""
    with pytest.raises(UnreadableFile, match="zstd stream"):
        unpacked(tmp_path, FRAME[:length])


@PATIENT
@given(position=st.integers(0, len(FRAME) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(tmp_path: Path, position: int, flip: int) -> None:
    """Not every bit of a frame's header says something; whatever comes out is what was packed, or the file is refused."""
    changed = FRAME[:position] + bytes([FRAME[position] ^ flip]) + FRAME[position + 1 :]
    try:
        found = unpacked(tmp_path, changed)
    except UnreadableFile:
        return
    assert found == TEXT


def test_frames_behind_each_other_are_one_file(tmp_path: Path) -> None:
    assert unpacked(tmp_path, FRAME + zstandard.ZstdCompressor().compress(b"last,line\n")) == TEXT + b"last,line\n"


@pytest.mark.parametrize(
    "tail", [b"garbage", b"\n", b"<html>", FRAME[:40]], ids=["text", "line end", "html", "half a frame"]
)
def test_what_follows_a_frame_and_is_none_is_refused(tmp_path: Path, tail: bytes) -> None:
    with pytest.raises(UnreadableFile, match="zstd stream"):
        unpacked(tmp_path, FRAME + tail)


def test_a_zstd_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    """FAULTS 51: 1 GB from 32 KB."""
    bomb = zstandard.ZstdCompressor().compressobj()
    content = b"".join(bomb.compress(bytes(1 << 24)) for _ in range(64)) + bomb.flush()
    with pytest.raises(UnreadableFile, match="unpacks to more than 64 MB"):
        unpacked(tmp_path, content)
    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= 64 << 20
