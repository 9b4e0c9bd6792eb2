"""Delivered bytes → rows in Parquet and rejects with line and reason: one module per format, and what the formats share.

Does not belong here: which object a file is (landing.py), what its columns mean (columns.py), or where the result is kept
(store.py). The traps that these modules close are measured in their tests.
"""

from ingestion.readers.delimited import csv_header, load_csv
from ingestion.readers.integrity import check_integrity
from ingestion.readers.json_lines import json_lines, jsonl_columns, load_jsonl
from ingestion.readers.reading import Format, OpenFile, check, open_file
from ingestion.readers.results import CheckedFile, ReadResult, Reject, UnreadableFile
from ingestion.readers.sql import PLACE, TECHNICAL_COLUMNS, sql_name, sql_path, sql_text, stored_name
from ingestion.readers.unpacking import Compression

__all__ = [
    "PLACE",
    "TECHNICAL_COLUMNS",
    "CheckedFile",
    "Compression",
    "Format",
    "OpenFile",
    "ReadResult",
    "Reject",
    "UnreadableFile",
    "check",
    "check_integrity",
    "csv_header",
    "json_lines",
    "jsonl_columns",
    "load_csv",
    "load_jsonl",
    "open_file",
    "sql_name",
    "sql_path",
    "sql_text",
    "stored_name",
]
