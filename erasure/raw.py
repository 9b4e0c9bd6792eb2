"""Erasing forgotten people from the raw store, every file of every version, and from its rejected lines.

Does not belong here: which cells of a table are a person's (ingestion/forgotten_cells.py), the kept releases (releases.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from funnelcast.whole_files import written_whole
from ingestion.forgotten_cells import BLANKED, Mappings, all_of, erase_parquet, speaks_of_forgotten
from ingestion.readers import sql_text
from ingestion.store import StoredFile, describe_again, stored_files
from ingestion.suppression import Suppression


@dataclass(frozen=True)
class Erased:
    """What an erasure changed."""

    raw_files: int = 0
    raw_rows: int = 0
    quarantined_rows: int = 0


def erase_raw(
    suppression: Suppression,
    raw: Path,
    quarantine: Path,
    work: Path,
    mappings: Mappings,
    reference: str,
    tell: Callable[[Erased], None],
) -> None:
    """Erase the forgotten from every raw file of every version, and from its rejected lines; ``tell`` is told of each changed file.

    Can be run again at any time: what is erased already is not changed again.
    """
    with duckdb.connect(config={"temp_directory": str(work / "spill")}) as connection:
        for stored in stored_files(raw)[0]:
            mapping = mappings.get((stored.system, stored.object))
            rows = erase_parquet(connection, stored.parquet(raw), stored.system, stored.object, suppression, mapping)
            lines = _erase_quarantine(connection, stored, suppression, quarantine)
            if rows or lines:
                describe_again(replace(stored, erasures=tuple(dict.fromkeys([*stored.erasures, reference]))), raw)
                tell(Erased(int(rows > 0), rows, lines))


def _erase_quarantine(
    connection: duckdb.DuckDBPyConnection, stored: StoredFile, suppression: Suppression, quarantine: Path
) -> int:
    path = quarantine / stored.stem.with_suffix(".parquet")
    if not path.is_file():
        return 0
    connection.execute(f"create or replace temp table rejected as from {all_of(path)}")
    texts = [text for (text,) in connection.execute("select distinct text from rejected where text is not null").fetchall()]
    theirs = [text for text in texts if speaks_of_forgotten(text, stored.system, stored.object, suppression)]
    if not theirs:
        return 0
    rows = connection.execute("select count(*) from rejected where list_contains(?, text)", [theirs]).fetchall()
    connection.execute("update rejected set text = ? where list_contains(?, text)", [BLANKED, theirs])
    with written_whole(path) as unfinished:
        connection.execute(f"copy rejected to {sql_text(str(unfinished))} (format parquet, compression zstd)")
    return int(rows[0][0])
