"""Opening a delivered file in its format: which reader takes it, behind one face for landing.

Belongs here: the choice. Does not belong here: any format.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import duckdb

from ingestion.readers.delimited import csv_header, load_csv
from ingestion.readers.excel import Fits, Sheet, excel_sheet, load_excel
from ingestion.readers.integrity import check_integrity, hash_only
from ingestion.readers.json_lines import json_lines, jsonl_columns, load_jsonl
from ingestion.readers.parquet import load_parquet, parquet_columns
from ingestion.readers.results import CheckedFile, ReadResult
from ingestion.readers.unpacking import Compression

Format = Literal["csv", "jsonl", "parquet", "xlsx"]


class OpenFile(Protocol):
    """A delivered file whose columns are known, ready to be loaded."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def load(self, technical: str, target: Path) -> ReadResult:
        """Copy its rows as text to Parquet at ``target``. Raises `UnreadableFile`."""


def check(path: Path, file_format: Format, compression: Compression | None, work: Path) -> CheckedFile:
    """Hash the delivered bytes, and verify them as far as that can be done without reading rows. Raises `UnreadableFile`."""
    return check_integrity(path, compression, work) if file_format in ("csv", "jsonl") else hash_only(path)


def open_file(
    connection: duckdb.DuckDBPyConnection, checked: CheckedFile, file_format: Format, fits: Fits, work: Path
) -> OpenFile:
    """Find the columns of a checked file; ``fits`` tells those of its object from others. Raises `UnreadableFile`."""
    match file_format:
        case "csv":
            columns, delimiter = csv_header(checked.text)
            return _Delimited(tuple(columns), connection, checked, delimiter, work)
        case "jsonl":
            lines = json_lines(connection, checked, work)
            return _JsonLines(tuple(jsonl_columns(connection, lines.text)), connection, lines)
        case "parquet":
            return _Parquet(tuple(parquet_columns(connection, checked.text)), connection, checked)
        case "xlsx":
            sheet = excel_sheet(checked.text, fits)
            return _Excel(sheet.columns, connection, checked, sheet, work)


@dataclass(frozen=True)
class _Delimited:
    columns: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection
    checked: CheckedFile
    delimiter: str
    work: Path

    def load(self, technical: str, target: Path) -> ReadResult:
        return load_csv(self.connection, self.checked, self.columns, self.delimiter, technical, target, self.work)


@dataclass(frozen=True)
class _JsonLines:
    columns: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection
    checked: CheckedFile

    def load(self, technical: str, target: Path) -> ReadResult:
        return load_jsonl(self.connection, self.checked, self.columns, technical, target)


@dataclass(frozen=True)
class _Parquet:
    columns: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection
    checked: CheckedFile

    def load(self, technical: str, target: Path) -> ReadResult:
        return load_parquet(self.connection, self.checked, technical, target)


@dataclass(frozen=True)
class _Excel:
    columns: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection
    checked: CheckedFile
    sheet: Sheet
    work: Path

    def load(self, technical: str, target: Path) -> ReadResult:
        return load_excel(self.connection, self.checked, self.sheet, technical, target, self.work)
