"""Excel sheets → rows in Parquet, and rejects with row and cell.

Belongs here: which sheet is read, and how a cell is written as text. Does not belong here: the workbook's XML (workbook.py).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from ingestion.readers.results import CheckedFile, ReadResult, Reject, UnreadableFile
from ingestion.readers.sql import rows_in, sql_name, sql_path, sql_text, stored_names
from ingestion.readers.text import LONGEST_LINE
from ingestion.readers.workbook import demand_whole_workbook, sheet_facts

Fits = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class Sheet:
    """The sheet that is read: its rows as text, each with its number in the sheet, without the header and the blank ones."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    header_row: int
    notes: tuple[str, ...] = ()


def excel_sheet(path: Path, fits: Fits) -> Sheet:
    """Read the one visible sheet whose header fits, or else the first that holds anything.

    Raises `UnreadableFile` for a workbook that is damaged or too large, or of which two sheets fit.
    """
    import python_calamine

    demand_whole_workbook(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        visible = [
            found.name
            for found in workbook.sheets_metadata
            if found.typ == python_calamine.SheetTypeEnum.WorkSheet
            and found.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        sheets = []
        for name in visible:
            # Before its cells are in memory, a look at how many there are.
            sheet_facts(path, name)
            sheets.append(_sheet(name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)))
    except python_calamine.CalamineError as error:
        raise UnreadableFile(f"it is not a whole Excel workbook ({error})") from error
    chosen = _chosen(sheets, fits)
    return _noted(chosen, visible)


def load_excel(
    connection: duckdb.DuckDBPyConnection, checked: CheckedFile, sheet: Sheet, technical: str, target: Path, work: Path
) -> ReadResult:
    """Copy a sheet, all cells as text, to zstd Parquet at ``target``. ``_row`` is the row in the sheet.

    A row with a cell whose formula failed is a reject that names the cell. The delivered rows are counted in the sheet's own XML.
    """
    facts = sheet_facts(checked.text, sheet.name)
    rejects = [_reject(number, facts.failed[number], sheet) for number in sorted(facts.failed) if number > sheet.header_row]
    text = checked.work_file(work, "sheet")
    with text.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows((number, *cells) for number, cells in sheet.rows if number not in facts.failed)
    names = [sql_name(name) for name in stored_names(sheet.columns)]
    positions = {f"c{position}": "VARCHAR" for position in range(len(names) + 1)}
    selected = ", ".join(f"c{position} as {name}" for position, name in enumerate(names, 1))
    connection.execute(
        f"copy (select {selected}, c0::bigint as _row, {technical} from read_csv({sql_path(text)}, auto_detect = false, "
        f"header = false, columns = {positions}, delim = ',', quote = '\"', escape = '\"', compression = 'none', "
        f"max_line_size = {max(2 << 20, min(text.stat().st_size + 2, LONGEST_LINE))}, hive_partitioning = false)) "
        f"to {sql_text(str(target))} (format parquet, compression zstd)"
    )
    delivered = sum(1 for row in facts.rows if row > sheet.header_row)
    return ReadResult(sheet.columns, delivered, rows_in(connection, target), tuple(rejects), (*checked.notes, *sheet.notes))


def _sheet(name: str, cells: Sequence[Sequence[object]]) -> Sheet | None:
    """The sheet as text; None if it is blank. Its first row that holds anything is the header."""
    rows = [(number, tuple(as_text(cell) for cell in row)) for number, row in enumerate(cells, 1)]
    told = [(number, row) for number, row in rows if any(cell.strip() for cell in row)]
    if not told:
        return None
    width = max(position for _, row in told for position, cell in enumerate(row, 1) if cell.strip())
    (header_row, header), *body = told
    columns = tuple(cell.strip() or f"column_{position}" for position, cell in enumerate(header[:width], 1))
    return Sheet(name, columns, tuple((number, row[:width]) for number, row in body), header_row)


def _chosen(sheets: Sequence[Sheet | None], fits: Fits) -> Sheet:
    told = [(number, sheet) for number, sheet in enumerate(sheets, 1) if sheet is not None]
    fitting = [(number, sheet) for number, sheet in told if fits(sheet.columns)]
    if len(fitting) > 1:
        numbers = " and ".join(str(number) for number, _ in fitting)
        raise UnreadableFile(f"its sheets {numbers} could all be meant; expected one sheet with these columns in a workbook")
    if fitting:
        return fitting[0][1]
    return told[0][1] if told else Sheet("", (), (), 0)


def _noted(sheet: Sheet, visible: Sequence[str]) -> Sheet:
    # Sheets are called after people, too: so by number.
    if len(visible) < 2 or sheet.name not in visible:
        return sheet
    note = f"sheet {visible.index(sheet.name) + 1} of {len(visible)} read"
    return Sheet(sheet.name, sheet.columns, sheet.rows, sheet.header_row, (note,))


def _reject(number: int, failed: Sequence[tuple[str, str]], sheet: Sheet) -> Reject:
    reason = "; ".join(f"cell {cell} holds {failure}" for cell, failure in failed)
    return Reject(number, reason, "\t".join(dict(sheet.rows).get(number, ())))


def as_text(value: object) -> str:
    """A cell as text: whole numbers without `.0`, decimals plain, dates and times in ISO."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return format(Decimal(repr(value)).normalize(), "f")
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case _:
            return str(value)
