"""Who belongs to an address: the records, the other addresses and the full names, found in the raw store.

Does not belong here: which cells of a table are a person's (ingestion/forgotten_cells.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.forgotten_cells import NAMES, Mappings, Shape, all_of, shape, text_columns
from ingestion.readers import sql_name, sql_text
from ingestion.store import stored_files
from ingestion.suppression import Person, addresses_in, full_names, normal_address, normal_id

_FULL_NAMES = ("name", "fullname", "displayname", "contactname", "leadname", "personname")
Record = tuple[str, str, str]


def find_person(address: str, reference: str, raw: Path, mappings: Mappings) -> Person:
    """Find who belongs to an address in the raw store: their records, the other addresses of these, and their full names.

    Two steps: the records with the address; the addresses of these records in all versions; and the records with one of those.
    """
    addresses, records = frozenset({normal_address(address)}), frozenset[Record]()
    with duckdb.connect() as connection:
        tables = list(_people(connection, raw, mappings))
        theirs: list[_Row] = []
        for _ in range(2):
            theirs = [
                row
                for table in tables
                for row in table.where_about(connection, addresses, records)
                if row.addresses & addresses or row.record in records
            ]
            records |= {row.record for row in theirs if row.record[2]}
            addresses |= {own for row in theirs for own in row.addresses}
        names = frozenset[str]().union(*(row.names for row in theirs))
        others = (row for table in tables for row in table.where_named(connection, names))
        is_shared = any(row.names & names and row.record not in records and not row.addresses & addresses for row in others)
    return Person(reference, addresses, records, names, is_shared)


@dataclass(frozen=True)
class _Row:
    record: Record
    addresses: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class _People:
    """A raw file of people's records."""

    shape: Shape
    path: Path

    def where_about(
        self, connection: duckdb.DuckDBPyConnection, addresses: Iterable[str], records: Iterable[Record]
    ) -> list[_Row]:
        """The rows that may be about one of these addresses or records; the caller looks closer."""
        own = _joined(self.shape.own_addresses)
        tests = [f"contains({own}, {sql_text(address)})" for address in addresses]
        ids = [sql_text(key) for system, name, key in records if (system, name) == (self.shape.system, self.shape.object)]
        if ids and self.shape.key:
            tests += [f"starts_with(trim({sql_name(self.shape.key)}), {key})" for key in ids]
        return self._rows(connection, " or ".join(tests))

    def where_named(self, connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> list[_Row]:
        """The rows that may have one of these names."""
        words = {max(name.split(), key=len) for name in names}
        called = _joined([column for column in self.shape.personal if self.shape.roles[column] & NAMES])
        return self._rows(connection, " or ".join(f"contains({called}, {sql_text(word)})" for word in sorted(words)))

    def _rows(self, connection: duckdb.DuckDBPyConnection, condition: str) -> list[_Row]:
        if not condition:
            return []
        wanted = list(dict.fromkeys([self.shape.key or "", *self.shape.own_addresses, *self.shape.personal]))
        listed = ", ".join(sql_name(column) for column in wanted)
        rows = connection.execute(f"select {listed} from {all_of(self.path)} where {condition}").fetchall()
        return [_row(self.shape, dict(zip(wanted, row, strict=True))) for row in rows]


def _people(connection: duckdb.DuckDBPyConnection, raw: Path, mappings: Mappings) -> Iterator[_People]:
    for stored in stored_files(raw)[0]:
        path = stored.parquet(raw)
        found = shape(
            stored.system, stored.object, text_columns(connection, path), mappings.get((stored.system, stored.object))
        )
        if found.key is not None:
            yield _People(found, path)


def _row(table: Shape, cells: dict[str, str | None]) -> _Row:
    key = cells[table.key or ""] or ""
    addresses = (found for column in table.own_addresses for found in addresses_in(cells[column] or ""))
    said = {role: cells[column] or "" for column in table.personal for role in table.roles[column] if role in NAMES}
    first, last = said.get("firstname", said.get("givenname", "")), said.get("lastname", said.get("familyname", ""))
    named = [f"{first} {last}", *(said.get(role, "") for role in _FULL_NAMES)]
    return _Row((table.system, table.object, normal_id(table.system, key)), frozenset(addresses), full_names(named))


def _joined(columns: Sequence[str]) -> str:
    return f"lower(concat_ws(' ', {', '.join(sql_name(column) for column in columns)}))" if columns else "''"
