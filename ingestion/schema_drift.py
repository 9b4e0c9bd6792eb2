"""How a delivered file differs in shape from the delivery of its object before: columns added, removed, renamed, reordered, retyped.

Belongs here: comparing the descriptions of raw files, and reading what kind of value a column holds. Does not belong here: refusing
a file for its columns (land.py), or values of single rows (dbt staging). All of it follows from the raw store, so that a repeat of
a run says the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from ingestion.columns import match_columns, squash
from ingestion.landing import DeliveredObject
from ingestion.readers import sql_name, sql_text
from ingestion.store import StoredFile

# Enough to know what a column holds; the cost of landing ten million rows does not change with it.
_SAMPLED_ROWS = 2_000
# A stray value among so many of a kind is a wrong row, which staging judges, and not another kind of column.
_SHARE_OF_A_KIND = 0.9
_KINDS: tuple[tuple[str, str], ...] = (
    ("number", r"[-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?"),
    ("time", r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+ ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"),
    ("date in another form", r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ,].*)?"),
    ("flag", r"(?i:true|false|t|f|yes|no|y|n)"),
)
TEXT, EMPTY = "text", "empty"
# A key that fewer records than these leave out is only a key without a value.
_RECORDS_THAT_SHOW_A_KEY_IS_GONE = 100
_DATE_IN_NAME = re.compile(r"[0-9T_\-:]*[0-9]{4}[0-9T_\-:]*Z?")


@dataclass(frozen=True)
class SchemaChange:
    """One way in which a file differs from the delivery before. ``column`` is the delivered name; None for an order of columns."""

    system: str
    object: str
    file: str
    extracted_on: date
    extracted_at: datetime
    column: str | None
    change: str
    detail: str
    declared_as: str | None = None
    is_required: bool = False
    is_newest: bool = False


def kinds_of_columns(connection: duckdb.DuckDBPyConnection, parquet: Path, columns: Sequence[str]) -> tuple[str, ...]:
    """What each column's values read as, by a bounded sample: number, time, date in another form, flag, text or empty."""
    if not columns:
        return ()
    stored = f"read_parquet({sql_text(str(parquet))}, hive_partitioning = false)"
    # By their places: a name that is ours too, or the same but for its case, is stored under another.
    names = [str(row[0]) for row in connection.execute(f"describe select * from {stored}").fetchall()]
    counts = []
    for column in names[: len(columns)]:
        value = f"trim({sql_name(column)})"
        counts.append(f"count(*) filter (where {value} <> '')")
        counts += [f"count(*) filter (where regexp_full_match({value}, {sql_text(pattern)}))" for _, pattern in _KINDS]
    (found,) = connection.execute(
        f"select {', '.join(counts)} from (select * from {stored} limit {_SAMPLED_ROWS})"
    ).fetchall()
    width = 1 + len(_KINDS)
    return tuple(_kind(found[start], found[start + 1 : start + width]) for start in range(0, len(found), width))


def schema_changes(files: Iterable[StoredFile], target: DeliveredObject) -> list[SchemaChange]:
    """Compare each file of one object with the one before it of its kind, in the order of what they speak of.

    An object may be delivered in parts of different columns: a file is compared with the last one of its own name but for the date,
    and only where there is none with the newest of the object.
    """
    in_order = sorted(files, key=lambda stored: (stored.extracted_at, stored.file, stored.sequence))
    newest = in_order[-1].extracted_at if in_order else None
    last_of_kind: dict[str, _Shape] = {}
    last: _Shape | None = None
    changes: list[SchemaChange] = []
    for stored in in_order:
        kind = _name_without_date(stored.file)
        before = last_of_kind.get(kind, last)
        if before is not None:
            changes += _compared(before, stored, target, stored.extracted_at == newest)
        last = last_of_kind[kind] = _Shape.after(before, stored)
    return changes


@dataclass(frozen=True)
class _Shape:
    """What is known of the columns so far: their kinds, where one was ever seen, and their order in the last file."""

    columns: tuple[str, ...]
    kinds: dict[str, str]
    ever: frozenset[str]

    @classmethod
    def after(cls, before: _Shape | None, stored: StoredFile) -> _Shape:
        told = {name: kind for name, kind in zip(stored.columns, stored.kinds, strict=False) if kind != EMPTY}
        known = {squash(name): kind for name, kind in told.items()}
        if before is None:
            return cls(stored.columns, known, frozenset(stored.columns))
        columns = stored.columns
        if _has_keys(stored):
            # A record without a value leaves its key out: the order and absence of keys say little.
            gone = () if stored.rows_loaded >= _RECORDS_THAT_SHOW_A_KEY_IS_GONE else before.columns
            columns = tuple(dict.fromkeys((*gone, *stored.columns)))
        return cls(columns, {**before.kinds, **known}, before.ever | set(stored.columns))


def _compared(before: _Shape, stored: StoredFile, target: DeliveredObject, is_newest: bool) -> Iterable[SchemaChange]:
    removed = [name for name in before.columns if name not in stored.columns]
    if _has_keys(stored) and stored.rows_loaded < _RECORDS_THAT_SHOW_A_KEY_IS_GONE:
        removed = []
    added = [
        name for name in stored.columns if name not in before.columns and not (_has_keys(stored) and name in before.ever)
    ]
    renamed = _renamed(removed, added, before.columns, stored.columns, target)
    declared_before, declared_now = _declared(before.columns, target), _declared(stored.columns, target)
    required = set(target.declaration.required)

    def change(column: str | None, kind: str, detail: str, declared: str | None = None) -> SchemaChange:
        told = (stored.system, stored.object, stored.file, stored.extracted_on, stored.extracted_at)
        return SchemaChange(*told, column, kind, detail, declared, declared in required, is_newest)

    for old, new in renamed.items():
        yield change(new, "renamed", f"was {old!r}", declared_now.get(new))
    for name in removed:
        if name not in renamed:
            use = f"its values for {declared_before[name]} are missing" if name in declared_before else "it was of no use"
            yield change(name, "removed", use, declared_before.get(name))
    for name in added:
        if name not in renamed.values():
            use = f"it is read as {declared_now[name]}" if name in declared_now else "it is kept, and passed on"
            yield change(name, "added", use, declared_now.get(name))
    if not _has_keys(stored) and _is_reordered(before.columns, stored.columns, renamed):
        yield change(None, "reordered", "the columns come in another order")
    for name, kind in zip(stored.columns, stored.kinds, strict=False):
        was = before.kinds.get(squash(name), before.kinds.get(squash(_old_name(name, renamed))))
        if was is not None and kind not in (EMPTY, was):
            yield change(name, "type changed", f"its values read as {kind}, before as {was}", declared_now.get(name))


def _renamed(
    removed: Sequence[str], added: Sequence[str], before: Sequence[str], now: Sequence[str], target: DeliveredObject
) -> dict[str, str]:
    """Old name → new name, where the two are the same column by their names or by the config."""
    now_named = {declared: name for name, declared in _declared(now, target).items()}
    # Before the config mapped the new name, the old column was known by its own.
    by_own_name = match_columns(before, target.declaration, {}).matched
    was = {**{name: declared for declared, name in by_own_name.items()}, **_declared(before, target)}
    by_declared = {name: now_named[declared] for name, declared in was.items() if declared in now_named}
    by_squash = {squash(name): name for name in added}
    found: dict[str, str] = {}
    for old in removed:
        new = by_declared.get(old, by_squash.get(squash(old)))
        if new is not None and new in added and new not in found.values():
            found[old] = new
    return found


def _declared(columns: Sequence[str], target: DeliveredObject) -> dict[str, str]:
    """Delivered name → the declared column that it is read as."""
    match = match_columns(columns, target.declaration, target.options.columns, tuple(target.options.constants))
    return {delivered: declared for declared, delivered in match.matched.items()}


def _is_reordered(before: Sequence[str], now: Sequence[str], renamed: dict[str, str]) -> bool:
    old = [renamed.get(name, name) for name in before]
    return [name for name in old if name in now] != [name for name in now if name in old]


def _old_name(name: str, renamed: dict[str, str]) -> str:
    return next((old for old, new in renamed.items() if new == name), name)


def _has_keys(stored: StoredFile) -> bool:
    """JSON names its values in every record; in the other formats a column has its place."""
    return stored.format.startswith("json")


def _name_without_date(file: str) -> str:
    return _DATE_IN_NAME.sub("", file)


def _kind(filled: int, counts: Sequence[int]) -> str:
    if not filled:
        return EMPTY
    for (name, _), count in zip(_KINDS, counts, strict=True):
        if count >= _SHARE_OF_A_KIND * filled:
            return name
    return TEXT
