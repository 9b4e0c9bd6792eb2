"""The raw store: one delivered file → one immutable Parquet file, its description beside it, its rejects in quarantine.

Belongs here: where raw files are, how they appear whole or not at all, and what is known of each.
Does not belong here: reading formats (readers/), or deciding whether a file is acceptable (land.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
from pydantic import TypeAdapter

from funnelcast.whole_files import write_whole, written_whole
from ingestion.readers import PLACE, Reject, sql_path, sql_text
from ingestion.rows import insert_rows

# The description's shape; a raw store of another shape is read again from landing, or refused by name.
_DESCRIPTION_VERSION = 1


@dataclass(frozen=True)
class StoredFile:
    """What is known of one raw file.

    ``sequence`` orders the deliveries of one object; ``columns`` are as delivered, and ``kinds`` what each of them reads as
    (none in a raw store from before they were told).
    """

    system: str
    object: str
    file: str
    sha256: str
    extracted_on: date
    extracted_at: datetime
    sequence: int
    format: str
    columns: tuple[str, ...]
    rows_delivered: int
    rows_loaded: int
    rows_quarantined: int
    notes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    # Whether the Parquet file holds `_row`; it is the row's place in it otherwise. Always read by `raw_rows`.
    is_numbered: bool = True
    # The same bytes, delivered again: (file, moment in ISO, sequence) of each time that says something new.
    again: tuple[tuple[str, str, int], ...] = ()
    # Random references of the erasures that changed cells of this file after it was delivered (ingestion/forgotten_cells.py).
    erasures: tuple[str, ...] = ()
    # Its footer is whole and its rows are not: found by reading all of it, which no night does for nothing.
    is_unreadable: bool = False

    @property
    def stem(self) -> Path:
        """Path below raw/ or quarantine/, without its suffix."""
        return Path(self.system) / self.object / f"extracted_on={self.extracted_on.isoformat()}" / self.sha256[:16]

    @property
    def deliveries(self) -> tuple[tuple[str, str, int], ...]:
        """Every time that these bytes were delivered: under which name, for which moment, in which place of the sequence."""
        return ((self.file, self.extracted_at.isoformat(), self.sequence), *self.again)

    def parquet(self, raw: Path) -> Path:
        return raw / self.stem.with_suffix(".parquet")


_DESCRIPTION = TypeAdapter(StoredFile)


def raw_rows(files: Sequence[StoredFile], raw: Path) -> str:
    """SQL for the rows of raw files of the same columns, all numbered or none: each with its `_row`, from 1."""
    paths = ", ".join(sql_path(stored.parquet(raw)) for stored in files)
    # The folder's `extracted_on=` is ours; a delivered column of that name keeps its own values.
    if all(stored.is_numbered for stored in files):
        return f"read_parquet([{paths}], hive_partitioning = false)"
    return (
        f"(select * exclude ({PLACE}), {PLACE} + 1 as _row "
        f"from read_parquet([{paths}], hive_partitioning = false, {PLACE} = true))"
    )


def stored_files(raw: Path) -> tuple[list[StoredFile], list[StoredFile]]:
    """List the files in the raw store, in delivery order per object: the sound ones, and those whose Parquet file is damaged.

    A Parquet file without its description is not listed: a killed run left it, and landing will deliver it again.
    """
    in_order = described_files(raw)
    damaged = _damaged(in_order, raw)
    return [stored for stored in in_order if stored not in damaged], damaged


def described_files(raw: Path) -> list[StoredFile]:
    """List what the descriptions say, in delivery order per object, without a look at the Parquet files."""
    described = [_DESCRIPTION.validate_json(path.read_bytes()) for path in raw.glob("*/*/extracted_on=*/*.json")]
    return sorted(described, key=lambda stored: (stored.system, stored.object, stored.sequence, stored.file))


def keep(stored: StoredFile, loaded: Path, rejects: Iterable[Reject], raw: Path, quarantine: Path) -> None:
    """Move a loaded Parquet file into the raw store, its rejects first and its description last.

    The description appears last, by one rename: where it is, everything about the file is.
    """
    target = stored.parquet(raw)
    target.parent.mkdir(parents=True, exist_ok=True)
    rejected = list(rejects)
    if rejected:
        _write_quarantine(stored, rejected, quarantine)
    loaded.replace(target)
    describe_again(stored, raw)


def describe_again(stored: StoredFile, raw: Path) -> None:
    """Write what is known of a raw file, in the place of what was known before."""
    write_whole(stored.parquet(raw).with_suffix(".json"), _to_json(stored))


def unreadable_files(raw: Path) -> list[StoredFile]:
    """Read every raw file to its end; those that cannot be are remembered as damaged, and named.

    To be asked when a night stumbled over one: it takes as long as reading all that was ever delivered.
    """
    with duckdb.connect() as connection:
        lost = [stored for stored in described_files(raw) if not _can_be_read(connection, stored.parquet(raw))]
    for stored in lost:
        describe_again(replace(stored, is_unreadable=True), raw)
    return lost


def _can_be_read(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    try:
        connection.execute(
            f"select bit_xor(hash(told)) from read_parquet({sql_path(path)}, hive_partitioning = false) as told"
        )
    except duckdb.Error:
        return False
    return True


def _damaged(described: Sequence[StoredFile], raw: Path) -> list[StoredFile]:
    """Name those whose Parquet file is gone, cannot be opened, or does not hold the rows that were loaded into it."""
    with duckdb.connect() as connection:
        try:
            rows = _rows_by_file(connection, [stored.parquet(raw) for stored in described])
            return [
                stored for stored in described if stored.is_unreadable or rows.get(stored.parquet(raw)) != stored.rows_loaded
            ]
        except duckdb.Error:
            # One of them is damaged: then each is looked at alone.
            return [stored for stored in described if stored.is_unreadable or not _holds_its_rows(connection, stored, raw)]


def _holds_its_rows(connection: duckdb.DuckDBPyConnection, stored: StoredFile, raw: Path) -> bool:
    path = stored.parquet(raw)
    try:
        return _rows_by_file(connection, [path]).get(path) == stored.rows_loaded
    except duckdb.Error:
        # Gone, cut off, or no Parquet file: whatever it is, it does not hold its rows.
        return False


def _rows_by_file(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, int]:
    """Count rows as the files' footers tell them."""
    if not paths:
        return {}
    listed = ", ".join(sql_path(path) for path in paths)
    rows = connection.execute(f"select file_name, num_rows from parquet_file_metadata([{listed}])").fetchall()
    return {Path(name): int(count) for name, count in rows}


def _write_quarantine(stored: StoredFile, rejects: list[Reject], quarantine: Path) -> None:
    target = quarantine / stored.stem.with_suffix(".parquet")
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as unfinished, duckdb.connect() as connection:
        connection.execute(
            "create table rejected (system varchar, object varchar, file varchar, extracted_at timestamp, line bigint, "
            "reason varchar, text varchar)"
        )
        insert_rows(
            connection,
            "rejected",
            [
                (stored.system, stored.object, stored.file, stored.extracted_at, reject.line, reject.reason, reject.text)
                for reject in rejects
            ],
        )
        connection.execute(f"copy rejected to {sql_text(str(unfinished))} (format parquet, compression zstd)")


def _to_json(stored: StoredFile) -> str:
    fields = {**_DESCRIPTION.dump_python(stored, mode="json"), "version": _DESCRIPTION_VERSION}
    return json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False)
