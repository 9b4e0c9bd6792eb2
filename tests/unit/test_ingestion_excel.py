"""Excel: hand-kept sheets as they are, failed formulas by their cell, and a workbook that is not whole is refused (FAULTS 21, 38, 51)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from ingestion.readers import ReadResult, UnreadableFile, check, open_file

TARGETS = ["scope", "metric", "value"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def written(folder: Path, sheets: dict[str, Sequence[Sequence[Any]]], change: Callable[[Any], None] | None = None) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for number, row in enumerate(rows, 1):
            for position, value in enumerate(row, 1):
                if value is not None:
                    sheet.cell(number, position, value)
    if change:
        change(workbook)
    path = folder / "delivered.xlsx"
    workbook.save(path)
    workbook.close()
    return path


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, required: str = "scope"
) -> tuple[ReadResult, list[tuple[str | None, ...]]]:
    target = path.parent / "loaded.parquet"
    checked = check(path, "xlsx", None, path.parent)
    opened = open_file(connection, checked, "xlsx", lambda columns: required in columns, path.parent)
    result = opened.load("'x' as _file", target)
    assert result.rows_delivered == result.rows_loaded + len(result.rejects)
    found = connection.execute(
        f"select _row, * exclude (_row, _file) from read_parquet('{target}') order by _row"
    ).fetchall()
    return result, found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ('two\nlines, "and" more', 'two\nlines, "and" more'),
        (5, "5"),
        (1234.5, "1234.5"),
        (1e21, "1000000000000000000000"),
        (True, "true"),
        (date(2026, 11, 22), "2026-11-22"),
        (datetime(2026, 11, 22, 10, 11, 12), "2026-11-22T10:11:12"),
        (time(10, 11, 12), "10:11:12"),
        (timedelta(hours=30), "30:00:00"),
        (None, None),
    ],
)
def test_cells_become_text(connection: duckdb.DuckDBPyConnection, tmp_path: Path, value: Any, text: str | None) -> None:
    result, found = read(connection, written(tmp_path, {"Targets": [["scope", "value"], ["company", value]]}))
    assert found == [(2, "company", text)]
    assert (result.columns, result.rejects) == (("scope", "value"), ())


def test_rows_are_counted_as_the_sheet_numbers_them(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Blank rows before, between and behind are none; a cell without a heading is kept."""
    rows = [[], [], TARGETS, ["company", "bookings", 1], [], ["  "], ["rep", None, 2, "a note"], []]
    result, found = read(connection, written(tmp_path, {"Targets": rows}))
    assert result.columns == (*TARGETS, "column_4")
    assert found == [(4, "company", "bookings", "1", None), (7, "rep", None, "2", "a note")]
    assert result.rows_delivered == 2


def test_a_failed_formula_is_quarantined_by_its_cell(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def fail(workbook: Any) -> None:
        cell = workbook["Targets"]["C3"]
        cell.value, cell.data_type = "#DIV/0!", "e"
        # A program wrote it, and no spreadsheet has calculated it yet.
        workbook["Targets"]["C4"] = "=1+1"

    rows = [TARGETS, ["company", "bookings", 1], ["team", "bookings", 0], ["rep", "bookings", 0]]
    result, found = read(connection, written(tmp_path, {"Targets": rows}, fail))
    assert found == [(2, "company", "bookings", "1")]
    assert [(reject.line, reject.reason) for reject in result.rejects] == [
        (3, "cell C3 holds the formula error #DIV/0!"),
        (4, "cell C4 holds a formula that was never calculated"),
    ]
    assert result.rejects[0].text.startswith("team\tbookings")


def test_the_sheet_whose_header_fits_is_read(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sheets = {"Read me": [["How to fill this in"]], "Targets": [TARGETS, ["company", "bookings", 1]]}
    result, found = read(connection, written(tmp_path, sheets))
    assert [row[1] for row in found] == ["company"]
    assert result.notes == ("sheet 2 of 2 read",)


def test_two_sheets_that_fit_are_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """To read the first alone would lose the rows of the second in silence."""
    sheets = {"2026": [TARGETS, ["company", "bookings", 1]], "2027": [TARGETS, ["company", "bookings", 2]]}
    with pytest.raises(UnreadableFile, match="its sheets 1 and 2 could all be meant"):
        read(connection, written(tmp_path, sheets))


def test_a_hidden_sheet_is_nobodys_business(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def hide(workbook: Any) -> None:
        workbook["old"].sheet_state = "hidden"

    sheets = {"old": [TARGETS, ["company", "bookings", 1]], "new": [TARGETS, ["company", "bookings", 2]]}
    _, found = read(connection, written(tmp_path, sheets, hide))
    assert found == [(2, "company", "bookings", "2")]


def test_a_workbook_that_is_not_whole_is_refused(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    whole = written(tmp_path, {"Targets": [TARGETS, ["company", "bookings", 1]]}).read_bytes()
    path = tmp_path / "delivered.xlsx"
    with zipfile.ZipFile(path) as parts:
        inside = parts.getinfo("xl/worksheets/sheet1.xml").header_offset + 80
    changed = whole[:inside] + bytes([whole[inside] ^ 255]) + whole[inside + 1 :]
    for content in (whole[:-30], whole[: len(whole) // 2], b"PK", b"scope,metric\n", changed):
        path.write_bytes(content)
        with pytest.raises(UnreadableFile, match="not a whole Excel workbook"):
            read(connection, path)
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(1000))
    with pytest.raises(UnreadableFile, match="locked by a password"):
        read(connection, path)


def test_bombs_stop_at_the_limit(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """FAULTS 51: much text in a small zip, and one cell far away, which would make a sheet of billions."""
    path = written(tmp_path, {"Targets": [TARGETS]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/large.bin", bytes(100 << 20))
    with pytest.raises(UnreadableFile, match="unpacks to more than 64 MB"):
        read(connection, path)

    def far(workbook: Any) -> None:
        workbook["Targets"]["XFD1048576"] = "far"

    with pytest.raises(UnreadableFile, match="farther than a hand-kept sheet goes"):
        read(connection, written(tmp_path, {"Targets": [TARGETS]}, far))
