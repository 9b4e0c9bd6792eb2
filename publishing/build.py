"""What publishing asks of a build before it copies it: whose it is, what it was made of, and how much room it
takes.

Belongs here: reading the build database, once and read only.
Does not belong here: copying its tables (bundle.py), judging it (demands.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from publishing.accounting import Accounting, read_accounting, read_delivered_files
from publishing.layout import SCHEMA
from quality.rules import identifier, literal


@dataclass(frozen=True)
class Build:
    """A run's build, as it describes itself."""

    build_id: str
    as_of: date
    config_digest: str
    # None: the deals are in several currencies and none was declared.
    reporting_currency: str | None
    accounting: Accounting
    delivered_files: list[dict[str, Any]]
    bytes_to_publish: int


def read_build(database: Path) -> Build:
    """Read a build database. Raises `duckdb.Error` if it is none, or not a whole one."""
    with duckdb.connect(str(database), read_only=True) as connection:
        build_id, as_of, config_digest, currency = connection.execute(
            "select build_id, as_of, process_digest, currency from config.run"
        ).fetchall()[0]
        return Build(
            build_id=build_id,
            as_of=as_of,
            config_digest=config_digest,
            reporting_currency=currency or _only_currency(connection),
            accounting=read_accounting(connection),
            delivered_files=read_delivered_files(connection),
            bytes_to_publish=_bytes_to_publish(connection),
        )


def _only_currency(connection: duckdb.DuckDBPyConnection) -> str | None:
    found = connection.execute(
        f"select distinct currency from {SCHEMA}.fct_opportunity where currency is not null limit 2"
    ).fetchall()
    return str(found[0][0]) if len(found) == 1 else None


def _bytes_to_publish(connection: duckdb.DuckDBPyConnection) -> int:
    """Estimate a release's size: the marts as DuckDB stores them, once for each of the two formats.

    Any database has some blocks beside: its header, its catalog, the tables that publishing adds.
    """
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = ? order by all", [SCHEMA]
    ).fetchall()
    if not tables:
        return 0
    segments = " union all ".join(
        f"from pragma_storage_info({literal(f'{SCHEMA}.{identifier(name)}')})" for (name,) in tables
    )
    blocks = connection.execute(
        "select count(distinct block) from"
        f" (select unnest(list_prepend(block_id, additional_block_ids)) as block from ({segments}))"
        " where block >= 0"
    ).fetchall()
    block_size = connection.execute("select block_size from pragma_database_size()").fetchall()
    return (2 * int(blocks[0][0]) + 4) * int(block_size[0][0])
