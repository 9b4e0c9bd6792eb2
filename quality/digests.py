"""A table's digest: a fingerprint of its content, however and wherever its rows are stored.

Belongs here: how content becomes a digest, so that the gate, publishing and tests all compute the same one.
Does not belong here: which tables are digested, or comparing digests.

Two levels keep memory bounded: DuckDB turns each row into a hash of its values (spilling its sort to disk
where needed), and the hashes, in the order of the rows, are streamed into the table's hash, which begins with
column names and types.
"""

from __future__ import annotations

import hashlib

import duckdb

from quality.rules import identifier

ROWS_AT_ONCE = 50_000


def table_digest(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    """Return the hex SHA-256 of a table: its columns, then its rows, ordered by every column left to right.

    `schema` may carry the database's name, as `bundle.marts`. Leaves no query open on the connection.
    """
    source = ".".join(identifier(part) for part in (*schema.split("."), table))
    columns = [(str(row[0]), str(row[1])) for row in connection.execute(f"describe {source}").fetchall()]
    digest = hashlib.sha256()
    for name, column_type in columns:
        digest.update(f"{len(name)}:{name}{len(column_type)}:{column_type}\n".encode())
    order = ", ".join(f"{identifier(name)} asc nulls last" for name, _ in columns)
    # Values that sort as equal can still differ in writing (0.0 and -0.0), so the row's hash settles ties.
    hashed = f"select *, {_row_hash(columns)} as row_hash from {source}"
    rows = connection.execute(f"select row_hash from ({hashed}) order by {order}, row_hash")
    while chunk := rows.fetchmany(ROWS_AT_ONCE):
        digest.update("".join(row[0] for row in chunk).encode())
    return digest.hexdigest()


def table_digests(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, str]:
    """Digest every table and view of a schema, by name."""
    names = connection.execute(
        "select table_name from information_schema.tables"
        " where table_schema = ? and table_catalog = current_catalog() order by table_name",
        [schema],
    ).fetchall()
    return {name: table_digest(connection, schema, name) for (name,) in names}


def _row_hash(columns: list[tuple[str, str]]) -> str:
    """SQL for the hash of one row: each value after its length, so that no two rows can read the same."""
    return f"sha256(concat({', '.join(_written(name, column_type) for name, column_type in columns)}))"


def _written(name: str, column_type: str) -> str:
    column = identifier(name)
    # With a zone, the text of an instant would follow the session's zone.
    value = f"timezone('UTC', {column})" if column_type == "TIMESTAMP WITH TIME ZONE" else column
    text = f"cast({value} as varchar)"
    return f"case when {column} is null then '-' else concat(length({text}), ':', {text}) end"
