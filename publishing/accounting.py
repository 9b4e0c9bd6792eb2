"""What became of the delivered files and their rows, read from `marts.ops_file`.

Belongs here: the row accounting that the certificate lists and the run's record adds up.
Does not belong here: making the accounting (ingestion/, dbt_project/) or checking that it adds up (quality/).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

DELIVERED_FILE_COLUMNS = (
    "system", "object", "file", "extracted_at", "sha256", "format", "outcome", "reason",
    "rows_delivered", "rows_loaded", "rows_quarantined", "rows_staged", "rows_duplicate", "rows_set_aside",
)  # fmt: skip


@dataclass(frozen=True)
class Accounting:
    """The files that the tables are made of, and what became of the rows in them."""

    files_read: int
    rows_read: int
    rows_set_aside: int
    rows_quarantined: int


def read_accounting(connection: duckdb.DuckDBPyConnection, schema: str = "marts") -> Accounting:
    """Add up the loaded files: a repeat, or a file that a correction replaced, is not read into the tables.

    Rows that contradict others (a change of a deal that nobody delivered) are set aside as well, after those that break a rule alone.
    """
    rows = connection.execute(
        f"""
        select
            count(*), coalesce(sum(rows_delivered), 0),
            coalesce(sum(rows_set_aside), 0) + (
                select count(*)
                from (select distinct system, object, file, row_number from {schema}.ops_set_aside where found_in = 'intermediate')
            ),
            coalesce(sum(rows_quarantined), 0)
        from {schema}.ops_file where outcome = 'loaded'
        """
    ).fetchall()
    return Accounting(*(int(value) for value in rows[0]))


def read_delivered_files(connection: duckdb.DuckDBPyConnection, schema: str = "marts") -> list[dict[str, Any]]:
    """Every delivered file with its hash and its rows, in a stated order, as plain JSON values."""
    columns = ", ".join(DELIVERED_FILE_COLUMNS)
    rows = connection.execute(f"select {columns} from {schema}.ops_file order by all").fetchall()
    return [dict(zip(DELIVERED_FILE_COLUMNS, map(_plain, row), strict=True)) for row in rows]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
