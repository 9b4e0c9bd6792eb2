"""Rows that went wrong, written for repair, and read back when they are delivered again.

Belongs here: the shape of a repair file: the delivered columns behind `_reason`, `_file`, `_line` and `_text`, in cells that a
spreadsheet shows as text. Does not belong here: which rows went wrong (publishing/quarantine.py), reading formats (readers.py).

A repair file is delivered like any other: into the folder of its object, with the extract's date in its name. Its helper columns are
no data; `_file` and `_line` say which row it repairs (`line 12` of a file that could not be read there, `row 12` of the rows loaded).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.readers import sql_name, stored_name
from ingestion.store import StoredFile, raw_rows

HELPERS = ("_reason", "_file", "_line", "_text")
_REQUIRED = frozenset(("_reason", "_file", "_line"))
# What a spreadsheet takes for a formula, and the sign that says "text": doubled, so that it can be taken off again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True)
class Repair:
    """A row of a repair file, and the one it stands for."""

    system: str
    object: str
    file: str
    row: int
    repairs_file: str
    repairs_line: str


def is_repair(columns: Sequence[str]) -> bool:
    """Whether a file's header is that of a repair file."""
    return {column.strip().casefold() for column in columns} >= _REQUIRED


def is_helper(column: str) -> bool:
    """Whether a column of a repair file is none of the data."""
    return column.strip().casefold() in HELPERS


def as_text(cell: str | None) -> str:
    """A cell that a spreadsheet shows as it is, whatever it begins with."""
    return "" if cell is None else f"'{cell}" if cell.startswith(_FORMULA) else cell


def original(column: str) -> str:
    """SQL for a repair file's cell as it was before it was written for a spreadsheet."""
    return f"case when starts_with({column}, '''') then substr({column}, 2) else {column} end"


def repairs(connection: duckdb.DuckDBPyConnection, stored: Sequence[StoredFile], raw: Path) -> list[Repair]:
    """The rows of all repair files that were delivered."""
    found = []
    for file in stored:
        if is_repair(file.columns):
            named = {column.strip().casefold(): sql_name(stored_name(column)) for column in file.columns}
            rows = connection.execute(
                f"select _row, {original(named['_file'])}, {original(named['_line'])} from {raw_rows([file], raw)}"
            ).fetchall()
            found += [
                Repair(file.system, file.object, file.file, int(row), name or "", line or "") for row, name, line in rows
            ]
    return found
