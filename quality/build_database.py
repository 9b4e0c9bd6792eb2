"""What the gate asks the build database itself: what is there, how many rows, which ones offend.

Belongs here: the read-only connection and its few questions.
Does not belong here: judging the answers (gate.py), or digests (digests.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from quality.checks import Check
from quality.redaction import without_addresses
from quality.rules import identifier

EXAMPLES_SHOWN = 5


@dataclass(frozen=True)
class DeliveredObject:
    """An object of which at least one file was loaded into raw."""

    system: str
    object: str

    @property
    def raw_view(self) -> str:
        return f"raw.{self.system}__{self.object}"


def limited(memory: str | None) -> dict[str, str | bool | int | float | list[str]]:
    """The configuration of every connection to a build: DuckDB demands the same of all."""
    return {} if memory is None else {"memory_limit": memory}


@contextmanager
def opened(database: Path, memory: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build database read-only, with so much memory (None: what DuckDB thinks fit), and let go of it again."""
    connection = duckdb.connect(str(database), read_only=True, config=limited(memory))
    try:
        yield connection
    finally:
        connection.close()


def tables(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Every table and view, as schema.table."""
    rows = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
    return frozenset(row[0] for row in rows)


def delivered_objects(connection: duckdb.DuckDBPyConnection) -> tuple[DeliveredObject, ...]:
    """The objects that have rows to check; none if the accounting is missing (its own checks say so)."""
    if "accounting.delivered_file" not in tables(connection):
        return ()
    rows = connection.execute(
        "select distinct system, object from accounting.delivered_file"
        " where rows_loaded is not null and system is not null and object is not null order by all"
    ).fetchall()
    return tuple(DeliveredObject(*row) for row in rows)


def row_counts(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, int]:
    """How many rows each of these tables has; without those that cannot be read, as their checks will say."""
    counts: dict[str, int] = {}
    for name in names:
        with suppress(duckdb.Error):
            counts[name] = connection.execute(f"select count(*) from {quoted(name)}").fetchall()[0][0]
    return counts


def examples(connection: duckdb.DuckDBPyConnection, check: Check) -> tuple[str, ...]:
    """The keys of a few rows that break a check, always the same ones for the same data."""
    if check.rule.offenders is None:
        return ()
    keys = ", ".join(f"cast({identifier(key)} as varchar)" for key in check.keys)
    offenders = check.rule.offenders.format(batch=quoted(check.table))
    rows = connection.execute(f"select distinct {keys} from ({offenders}) order by all limit {EXAMPLES_SHOWN}").fetchall()
    return tuple(" / ".join("(none)" if value is None else without_addresses(value) for value in row) for row in rows)


def quoted(table: str) -> str:
    """Quote schema.table for SQL."""
    return ".".join(identifier(part) for part in table.split("."))
