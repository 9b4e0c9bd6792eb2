"""JSON Lines: every value as text, nested ones as JSON; broken lines in quarantine, their neighbours intact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.readers import ReadResult, UnreadableFile, check_integrity, json_lines, jsonl_columns, load_jsonl

PATIENT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=10)
VALUES = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT
KEYS = st.sampled_from(["id", "Stage Name", "a/b", "c~d", 'e"f', "g.h", "ü", "select", "$"])


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def loaded(
    connection: duckdb.DuckDBPyConnection, folder: Path, content: bytes
) -> tuple[ReadResult, list[dict[str, str | None]], list[int]]:
    """The result, each row by column, and the rows' numbers."""
    path, target = folder / "delivered.jsonl", folder / "loaded.parquet"
    path.write_bytes(content)
    checked = json_lines(connection, check_integrity(path, None, folder), folder)
    columns = jsonl_columns(connection, checked.text)
    result = load_jsonl(connection, checked, columns, "'delivered.jsonl' as _file", target)
    found = connection.execute(f"select * exclude (_file) from read_parquet('{target}') order by _row").fetchall()
    rows = [dict(zip(columns, row[:-1], strict=True)) for row in found]
    return result, rows, [row[-1] for row in found]


@PATIENT
@given(rows=st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), min_size=1, max_size=8), escapes=st.booleans())
def test_rows_loaded_equal_rows_written(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, rows: list[dict[str, Any]], escapes: bool
) -> None:
    content = "".join(json.dumps(row, ensure_ascii=escapes) + "\n" for row in rows).encode()
    result, found, _ = loaded(connection, tmp_path, content)
    assert set(result.columns) == {key for row in rows for key in row}
    expected = [{name: _as_text(row.get(name)) for name in result.columns} for row in rows]
    assert found == expected
    assert (result.rows_delivered, result.rows_loaded, result.rejects) == (len(rows), len(rows), ())


LINES = st.sampled_from(
    ['{"a": 1}', '{"a": 1', "not json", "[1, 2]", "5", '"text"', "null", "", "   ", '{"a": "x"} trailing', "{'a': 1}"]
)


@PATIENT
@given(lines=st.lists(LINES, max_size=20).filter(lambda lines: not lines or not lines[0].lstrip().startswith("[")))
def test_loaded_and_quarantined_are_delivered(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, lines: list[str]
) -> None:
    """FAULTS 20: a broken line is quarantined by its number; blank lines are no rows."""
    result, _, numbers = loaded(connection, tmp_path, "\n".join(lines).encode())
    told = {number: line for number, line in enumerate(lines, 1) if line.strip()}
    good = [number for number, line in told.items() if line == '{"a": 1}']
    assert numbers == good
    assert {reject.line: reject.text for reject in result.rejects} == {
        number: line for number, line in told.items() if number not in good
    }
    assert result.rows_delivered == result.rows_loaded + len(result.rejects) == len(told)


def test_values_of_every_kind_become_text(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 20: nested values are kept as JSON text, a number where text is expected is accepted as it was written."""
    content = b'{"a": {"b": [1, 2]}, "n": 12345678901234567890, "f": 1.5, "t": true, "x": null, "s": "1.50"}\n'
    _, found, _ = loaded(connection, tmp_path, content)
    assert found == [{"a": '{"b":[1,2]}', "n": "12345678901234567890", "f": "1.5", "t": "true", "x": None, "s": "1.50"}]


def test_one_array_instead_of_lines(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 20: accepted, also when it is printed over several lines."""
    rows = [{"id": "1", "note": "two\nlines"}, {"id": "2", "extra": {"a": [1]}}]
    for content in (json.dumps(rows), json.dumps(rows, indent=2)):
        result, found, _ = loaded(connection, tmp_path, content.encode())
        assert found == [{"id": "1", "note": "two\nlines", "extra": None}, {"id": "2", "note": None, "extra": '{"a":[1]}'}]
        assert (result.rows_delivered, result.rejects) == (2, ())


@pytest.mark.parametrize("content", [b'[{"id": 1}, {"id": 2', b'[{"id": 1}, {"id": }]', b'[{"id": 1}] and more'])
def test_an_array_that_cannot_be_read_to_its_end_is_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes
) -> None:
    """Nothing of it is half-loaded."""
    with pytest.raises(UnreadableFile, match="JSON array that cannot be read to its end"):
        loaded(connection, tmp_path, content)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_line_ends_and_marks(connection: duckdb.DuckDBPyConnection, tmp_path: Path, line_end: bytes, mark: bytes) -> None:
    result, found, _ = loaded(connection, tmp_path, mark + line_end.join([b'{"a":"1"}', b'{"a":"2"}']) + line_end)
    assert found == [{"a": "1"}, {"a": "2"}]
    assert (result.rows_delivered, result.rejects) == (2, ())


def test_a_line_with_a_nul_byte_or_broken_characters_is_quarantined(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    content = b'{"a":"1"}\n{"a":"x\x00y"}\n{"a":"\xc3\xa9"}\n{"a":"\x81"}\n{"a":"2"}\n'
    result, found, _ = loaded(connection, tmp_path, content)
    assert found == [{"a": "1"}, {"a": "é"}, {"a": "2"}]
    assert [reject.line for reject in result.rejects] == [2, 4]
    assert result.rows_delivered == 5


def test_the_same_key_in_another_case_is_another_column_to_the_reader(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """It is landing that refuses such a file: two columns of one name cannot both be a table's."""
    path = tmp_path / "delivered.jsonl"
    path.write_text('{"id": 1, "ID": 2}\n', encoding="utf-8")
    assert jsonl_columns(connection, path) == ["ID", "id"]


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
