"""CSV, whatever people write into it: rows loaded equal rows written, and loaded + quarantined = delivered, always.

Assumption guarded: P1 of FAULTS.md at the file (FAULTS 16 to 19). Broken by: ingestion/readers.py, or a DuckDB that reads
CSV in another way than the one whose traps readers.py closes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion.readers import ReadResult, check_integrity, csv_header, load_csv

Rows = list[list[str | None]]

# Anything that a person or a CRM can put into a field; a surrogate is no character and a NUL no text.
CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r")
FIELDS = st.text(CHARACTERS, max_size=12) | st.sampled_from(
    ['"', '""', ",", ";", "\t", "|", "\n", " x ", "'", "\\", "#", "NULL", "é\n"]
)
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def loaded(connection: duckdb.DuckDBPyConnection, folder: Path, content: bytes) -> tuple[ReadResult, Rows]:
    """Write, check and load one file, as landing does; the rows as raw keeps them."""
    path, target = folder / "delivered.csv", folder / "loaded.parquet"
    path.write_bytes(content)
    checked = check_integrity(path, None, folder)
    columns, delimiter = csv_header(checked.text)
    result = load_csv(connection, checked, columns, delimiter, "'delivered.csv' as _file", target, folder)
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    found = connection.execute(f"select {names} from read_parquet('{target}')").fetchall()
    assert result.rows_loaded == len(found)
    return result, [list(row) for row in found]


def written(rows: Sequence[Sequence[str]], delimiter: str = ",", line_end: str = "\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


def plain(rows: Sequence[Sequence[str | None]]) -> list[list[str]]:
    """Nothing and the empty text are the same in CSV."""
    return [[value or "" for value in row] for row in rows]


@PATIENT
@given(
    rows=st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=8)),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
@example(rows=[["", "x"]], delimiter=",", line_end="\n")
@example(rows=[["x", ""]], delimiter=",", line_end="\n")
def test_rows_loaded_equal_rows_written(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, rows: list[list[str]], delimiter: str, line_end: str
) -> None:
    width = len(rows[0]) if rows else 2
    if width == 1:
        # One column shows no delimiter; then it is the comma.
        delimiter = ","
    # A line of nothing but one empty field is a blank line to everybody.
    kept = [row for row in rows if width > 1 or row != [""]]
    header = [f"column {number}" for number in range(width)]
    result, found = loaded(connection, tmp_path, written([header, *kept], delimiter, line_end))
    assert result.rejects == ()
    assert plain(found) == kept
    assert result.rows_delivered == len(kept)


GOOD = st.lists(st.text("abcé ", max_size=5), min_size=3, max_size=3).map(lambda row: ",".join(["x", *row[1:]]))
BROKEN = st.sampled_from(
    [
        b"too,few",
        b"one,too,many,here",
        b"one,two,three,four,five,six",
        b"not utf8,\x81,x",
        b'"quoted" and more,b,c',
        b'a,"opened and never closed,c',
    ]
)


@PATIENT
@given(lines=st.lists(GOOD.map(str.encode) | BROKEN, max_size=25), ends_with_line_end=st.booleans())
def test_loaded_and_quarantined_are_delivered(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, lines: list[bytes], ends_with_line_end: bool
) -> None:
    """FAULTS 19: each broken line is quarantined with its number and text, and the lines after it are intact."""
    content = b"\n".join([b"a,b,c", *lines]) + (b"\n" if ends_with_line_end else b"")
    result, found = loaded(connection, tmp_path, content)
    broken = {number: line for number, line in enumerate(lines, 2) if not _is_good(line)}
    assert {reject.line: reject.text for reject in result.rejects} == {
        number: line.decode(errors="replace") for number, line in broken.items()
    }
    good = [line.decode().split(",") for line in lines if _is_good(line)]
    assert plain(found) == good
    assert result.rows_delivered == result.rows_loaded + len(result.rejects) == len(lines)
    assert all(reject.reason for reject in result.rejects)


def test_a_quote_that_is_never_closed_hides_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    result, found = loaded(connection, tmp_path, b'a,b\n1,2\n3,"four\n5,6\n7,"eight\n9,10\n')
    assert plain(found) == [["1", "2"], ["5", "6"], ["9", "10"]]
    assert [(reject.line, reject.text) for reject in result.rejects] == [(3, '3,"four'), (5, '7,"eight')]
    assert result.rows_delivered == 5


def test_any_number_of_quotes_that_are_never_closed_hide_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    result, found = loaded(connection, tmp_path, b"a,b\n" + b'1,"two\n2,3\n' * 61)
    assert plain(found) == [["2", "3"]] * 61
    assert [reject.line for reject in result.rejects] == list(range(2, 124, 2))
    assert result.rows_delivered == 122


def test_a_nul_byte_is_quarantined(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 19."""
    result, found = loaded(connection, tmp_path, b"a,b\n1,2\n3,fo\x00ur\n5,6\n")
    assert plain(found) == [["1", "2"], ["5", "6"]]
    assert [reject.line for reject in result.rejects] == [3]


def test_a_field_of_fifty_megabytes_is_quarantined(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 19: and the lines after it are intact."""
    result, found = loaded(connection, tmp_path, b"a,b\n1,2\n3," + b"x" * (50 << 20) + b"\n5,6\n")
    assert plain(found) == [["1", "2"], ["5", "6"]]
    assert [(reject.line, reject.reason) for reject in result.rejects] == [
        (3, "it is longer than 32 MB (only the first 32 MB of it are kept here)")
    ]
    assert result.rows_delivered == 3


def test_a_line_with_too_few_or_too_many_fields_tells_how_many(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """FAULTS 19: DuckDB stops counting at the first field too many."""
    content = b'a,b,c\n1,2,3\n4\n5,6,7,8,9,10\n"1,1","2\n2","3","4"\n8,9,0\n'
    result, found = loaded(connection, tmp_path, content)
    assert plain(found) == [["1", "2", "3"], ["8", "9", "0"]]
    assert [(reject.line, reject.reason) for reject in result.rejects] == [
        (3, "it has 1 field, and the header has 3"),
        (4, "it has 6 fields, and the header has 3"),
        (5, "it has 4 fields, and the header has 3"),
    ]


def test_lines_are_counted_as_an_editor_counts_them(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A reject behind fields with line breaks and blank lines is still told by its physical line."""
    result, found = loaded(connection, tmp_path, b'a,b\n1,"two\nlines"\n\n\n2,"three\n\nlines"\nonly one\n3,4\n')
    assert len(found) == 3
    assert [(reject.line, reject.text) for reject in result.rejects] == [(9, "only one")]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("ends", [True, False], ids=["ended", "not ended"])
def test_line_ends(connection: duckdb.DuckDBPyConnection, tmp_path: Path, line_end: bytes, ends: bool) -> None:
    """FAULTS 18."""
    content = line_end.join([b"a,b", b"1,2", b"3,4"]) + (line_end if ends else b"")
    result, found = loaded(connection, tmp_path, content)
    assert plain(found) == [["1", "2"], ["3", "4"]]
    assert (result.columns, result.rows_delivered, result.rejects) == (("a", "b"), 2, ())


def test_mixed_line_ends_are_made_one_and_said_so(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    content = b"a,b\r\n1,2\n3,4\r\n5,6\n"
    result, found = loaded(connection, tmp_path, content)
    assert plain(found) == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert result.notes == ("mixed line ends made one",)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("﻿ä,b\n€,ü\n".encode(), None),
        ("ä,b\n€,ü\n".encode("utf-16"), "UTF-16 read"),
        ("ä,b\n€,ü\n".encode("cp1252"), "Windows-1252 read"),
    ],
    ids=["UTF-8 with a byte order mark", "UTF-16", "Windows-1252"],
)
def test_encodings(connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, note: str | None) -> None:
    """FAULTS 17: accepted or repaired, and a repair is told."""
    result, found = loaded(connection, tmp_path, content)
    assert result.columns == ("ä", "b")
    assert found == [["€", "ü"]]
    assert check_integrity(tmp_path / "delivered.csv", None, tmp_path).notes == ((note,) if note else ())


def test_mixed_bytes_are_quarantined_by_line(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 17: where some lines are UTF-8, the others are not guessed at."""
    result, found = loaded(connection, tmp_path, "a,b\nMüller,1\n".encode() + "Möller,2\n".encode("cp1252") + b"Maier,3\n")
    assert plain(found) == [["Müller", "1"], ["Maier", "3"]]
    assert [reject.line for reject in result.rejects] == [3]


@pytest.mark.parametrize(
    ("content", "columns", "delimiter"),
    [
        (b"a,b\n", ["a", "b"], ","),
        (b"a;b;c\n", ["a", "b", "c"], ";"),
        (b"a\tb\n", ["a", "b"], "\t"),
        (b"a|b\n", ["a", "b"], "|"),
        (b"alone\n", ["alone"], ","),
        # a comma inside of a quoted name is no delimiter
        (b'"a, b, c";d\n', ["a, b, c", "d"], ";"),
        (b' a , "b" \n', ["a", '"b"'], ","),
        (b"a,,c\n", ["a", "column_2", "c"], ","),
        (b'"two\nlines",b\n1,2\n', ["two\nlines", "b"], ","),
        # blank lines before the header
        (b"\n\na;b\n1;2\n", ["a", "b"], ";"),
        (b"", [], ","),
        (b"\n\n", [], ","),
    ],
)
def test_the_header_and_its_delimiter(tmp_path: Path, content: bytes, columns: list[str], delimiter: str) -> None:
    path = tmp_path / "header.csv"
    path.write_bytes(content)
    assert csv_header(path) == (columns, delimiter)


def test_blank_lines_before_the_header_are_skipped(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    result, found = loaded(connection, tmp_path, b"\n\na;b\n1;2\n")
    assert (result.columns, plain(found), result.rows_delivered) == (("a", "b"), [["1", "2"]], 1)


@pytest.mark.parametrize(
    "names",
    [
        ["select", "from"],
        ["a'b", 'c"d'],
        ["x; drop table t", "../../etc"],
        ["🙂", "n" * 300],
        ["_row", "_FILE"],
        ["{a: 1}", "[b]"],
        ["%s", "\\"],
    ],
)
def test_column_names_are_text_and_never_run(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, names: list[str]
) -> None:
    """FAULTS 50."""
    path, target = tmp_path / "delivered.csv", tmp_path / "loaded.parquet"
    path.write_bytes(written([names, ["1", "2"]]))
    checked = check_integrity(path, None, tmp_path)
    columns, delimiter = csv_header(checked.text)
    assert columns == names
    result = load_csv(connection, checked, columns, delimiter, "'delivered.csv' as _file", target, tmp_path)
    assert (result.rows_loaded, result.rejects) == (1, ())
    assert connection.execute(f"select * exclude (_file) from read_parquet('{target}')").fetchall() == [("1", "2")]


def test_rows_keep_the_order_of_the_file_when_many_threads_read_it(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A row's number is its place in raw: what would move it is a thread that writes before another."""
    lines = [f'{number},"{"x" * 90}\n{number}"' if number % 7 else f"{number},too,many" for number in range(400_000)]
    result, found = loaded(connection, tmp_path, ("number,text\n" + "\n".join(lines)).encode())
    assert len(result.rejects) == len(range(0, 400_000, 7))
    assert [int(number) for number, _ in found] == [number for number in range(400_000) if number % 7]


def _is_good(line: bytes) -> bool:
    return line.count(b",") == 2 and b'"' not in line and b"\x81" not in line


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'a,b\r\n"one\r\ntwo",x\r\n', "one\r\ntwo"),
        (b'a,b\n"one\ntwo",x\n', "one\ntwo"),
        (b'a,b\n"one\rtwo",x\n', "one\rtwo"),
        # What is inside of fields stays as it is, whatever ends the records, and where those are mixed.
        (b'a,b\n"one\r\ntwo",x\n', "one\r\ntwo"),
        (b'a,b\r\n"one\ntwo",x\r\n', "one\ntwo"),
        (b'a,b\r\n"one\r\ntwo",x\n', "one\r\ntwo"),
        (b'a,b\r"one\r\ntwo",x\n', "one\r\ntwo"),
    ],
)
def test_line_breaks_inside_of_fields(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, value: str
) -> None:
    """FAULTS 18."""
    result, found = loaded(connection, tmp_path, content)
    assert found == [[value, "x"]]
    assert (result.rows_delivered, result.rejects) == (1, ())
