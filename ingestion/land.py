"""Landing: every delivered file becomes raw rows, a counted repeat, or a refusal with its reason.

Belongs here: the order of things and the guards on a file as a whole. Does not belong here: formats (readers/),
names of files (landing.py), rules about single rows (dbt staging).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from funnelcast import memory
from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from funnelcast.whole_files import write_whole
from ingestion.columns import closest, looks_like, match_columns, repeated_columns
from ingestion.landing import (
    DeliveredObject,
    FileLeftAlone,
    LandedFile,
    delivered_objects,
    extract_date_in_name,
    extract_moment,
    scan_landing,
)
from ingestion.places import Place, clear, place_of
from ingestion.readers import CheckedFile, ReadResult, UnreadableFile, check, open_file, sql_text
from ingestion.schema_drift import kinds_of_columns
from ingestion.store import StoredFile, describe_again, keep, stored_files
from ingestion.suppression import Suppression, load_suppression

# A file touched this recently may still be growing: look twice, this far apart.
_RECENT_SECONDS = 3.0
_SECOND_LOOK_SECONDS = 0.4
# Landing needs no more, however large the files: 2 GB in all with Python, its libraries and what DuckDB does not count.
_MEMORY_AT_MOST = 1_200_000_000


@dataclass(frozen=True)
class FileOutcome:
    """What became of one delivered file: loaded, repeat, superseded, waiting, ignored or refused; the reason where one is due."""

    system: str | None
    object: str | None
    file: str
    outcome: str
    reason: str | None = None
    stored: StoredFile | None = None
    # Of a file that was not stored, where its name or the config tells: when it speaks of.
    extracted_on: date | None = None
    extracted_at: datetime | None = None


@dataclass(frozen=True)
class Landing:
    """The result of landing: the outcome of every file known to the raw store or found in the landing folder."""

    outcomes: tuple[FileOutcome, ...]
    new_files: int

    @property
    def stored(self) -> list[StoredFile]:
        return [found.stored for found in self.outcomes if found.stored is not None]

    @property
    def refused(self) -> list[FileOutcome]:
        return [found for found in self.outcomes if found.outcome == "refused"]


def land(settings: Settings, process: SalesProcess) -> Landing:
    """Bring what is new in the landing folder into the raw store.

    Raises `UsageError` for a missing folder or a config that names unknown objects. A file that cannot be trusted is
    an outcome, not an exception: the caller refuses the run, and the other files' raw rows stay for the next one.
    """
    targets = delivered_objects(process)
    files, left_alone = scan_landing(settings.landing, targets, ZoneInfo(process.company.timezone))
    place = place_of(settings.landing)
    growing = _still_growing(files, place)
    known = _Known.load(settings, targets, ZoneInfo(process.company.timezone))
    suppression = load_suppression(settings.raw)
    outcomes: list[FileOutcome] = [_left_alone(found) for found in left_alone]
    outcomes += [_outcome(found, "waiting", "it is still being written; it is read in the next run") for found in growing]
    work = settings.build / "landing"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    clear(settings.landing_cache)
    new_files = 0
    with duckdb.connect() as connection:
        share = min(_MEMORY_AT_MOST, memory.for_duckdb(settings.memory_limit))
        connection.execute(f"set memory_limit = '{memory.as_setting(share)}'")
        # Extracts hold people's data: what spills to disk stays below home.
        connection.execute(f"set temp_directory = {sql_text(str(work))}")
        tonight = _Tonight(settings, place, connection, known, suppression)
        for file in files:
            if file in growing:
                continue
            seen_as = known.seen_as(file)
            result = _land_file(file, tonight) if seen_as is None else _repeat(file, seen_as)
            if isinstance(result, FileOutcome):
                outcomes.append(result)
            elif result is not None:
                new_files += 1
    shutil.rmtree(work, ignore_errors=True)
    clear(settings.landing_cache)
    known.save(settings)
    outcomes += [_lost(stored, settings.raw) for stored in known.still_damaged]
    return Landing((*_stored_outcomes(known.stored), *_only_undated(outcomes, known.stored)), new_files)


def landing_fingerprint(settings: Settings, process: SalesProcess) -> dict[str, list[int | str]]:
    """Describe the landing folder by names, sizes and times alone: equal fingerprints mean that nothing is new."""
    files, left_alone = scan_landing(settings.landing, delivered_objects(process), ZoneInfo(process.company.timezone))
    seen = {_key(file): file.found.identity for file in files}
    return {**seen, **{f"{found.outcome}|{found.relative}": [] for found in left_alone}}


class _Known:
    """What the raw store holds, and which landed files (by size and time) it was made from, so that no file is hashed twice."""

    def __init__(self, stored: list[StoredFile], damaged: list[StoredFile], index: dict[str, list[object]]) -> None:
        self.stored = stored
        self._damaged = damaged
        self._index = index

    @property
    def still_damaged(self) -> list[StoredFile]:
        """What the raw store has lost, and was not found in the landing folder again."""
        return [lost for lost in self._damaged if lost.stem not in {stored.stem for stored in self.stored}]

    @classmethod
    def load(cls, settings: Settings, targets: Sequence[DeliveredObject], timezone: ZoneInfo) -> _Known:
        path = settings.build / "landing_index.json"
        try:
            index = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            # It only saves time: without it, every file is hashed again and found in the raw store.
            index = {}
        stored, damaged = stored_files(settings.raw)
        undated = {(target.system, target.name) for target in targets if target.options.extracted_on}
        dated = [_dated(found, (found.system, found.object) not in undated, timezone) for found in stored]
        return cls(dated, damaged, index)

    def save(self, settings: Settings) -> None:
        write_whole(settings.build / "landing_index.json", json.dumps(self._index, indent=0, sort_keys=True))

    def seen_as(self, file: LandedFile) -> str | None:
        """The name under which the raw store holds this very file, if it was looked at before and has not changed since."""
        entry = self._index.get(_key(file))
        if entry is None or len(entry) < 4 or entry[:-2] != file.found.identity:
            return None
        return str(entry[-1]) if any(str(stored.stem) == entry[-2] for stored in self.stored) else None

    def remember(self, file: LandedFile, stored: StoredFile) -> None:
        self._index[_key(file)] = [*file.found.identity, str(stored.stem), stored.file]

    def same_bytes(self, file: LandedFile, sha256: str) -> StoredFile | None:
        """Find the same bytes delivered for the same date (for events: for any date, since their order says nothing)."""
        for stored in self.stored:
            same_object = (stored.system, stored.object) == (file.target.system, file.target.name)
            same_date = stored.extracted_at == file.extracted_at or file.target.delivery == "events"
            if same_object and same_date and stored.sha256 == sha256:
                return stored
        return None

    def next_sequence(self, target: DeliveredObject) -> int:
        own = [stored for stored in self.stored if (stored.system, stored.object) == (target.system, target.name)]
        return max((sequence for stored in own for _, _, sequence in stored.deliveries), default=0) + 1

    def delivered_again(self, file: LandedFile, stored: StoredFile, raw: Path) -> StoredFile:
        """Note a delivery of bytes that are known, unless they are what this very name said last."""
        name = (file.relative, file.extracted_at.isoformat())
        own = [found for found in self.stored if (found.system, found.object) == (stored.system, stored.object)]
        if _newest_by_name(own).get(name) == stored.stem:
            return stored
        noted = replace(stored, again=(*stored.again, (*name, self.next_sequence(file.target))))
        describe_again(noted, raw)
        self.stored[self.stored.index(stored)] = noted
        return noted


@dataclass(frozen=True)
class _Tonight:
    """What landing each file of one run needs."""

    settings: Settings
    place: Place
    connection: duckdb.DuckDBPyConnection
    known: _Known
    suppression: Suppression


def _land_file(file: LandedFile, tonight: _Tonight) -> StoredFile | FileOutcome | None:
    """Load one file: what was stored, the outcome that kept it from being loaded, or None if it was stored before."""
    if file.size == 0:
        return _empty(file, "it is empty (0 bytes)")
    work = tonight.settings.build / "landing" / "file"
    work.mkdir(parents=True, exist_ok=True)
    try:
        with tonight.place.fetched(file.found, tonight.settings.landing_cache) as path:
            if not path.exists() or path.stat().st_size != file.size:
                return _waiting(file)
            return _read(file, path, tonight, work)
    except UnreadableFile as error:
        return _outcome(file, "refused", str(error)) if not _has_changed(file, tonight.place) else _waiting(file)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _read(file: LandedFile, path: Path, tonight: _Tonight, work: Path) -> StoredFile | FileOutcome | None:
    """Verify, load and keep one file whose bytes lie at ``path``. Raises `UnreadableFile`."""
    known, settings, connection, suppression = tonight.known, tonight.settings, tonight.connection, tonight.suppression
    checked = check(path, file.format, file.compression, work)
    repeated = known.same_bytes(file, checked.sha256)
    if repeated is not None:
        repeated = known.delivered_again(file, repeated, settings.raw)
        known.remember(file, repeated)
        return _repeat(file, repeated.file)
    opened = open_file(connection, checked, file.format, partial(_could_be, file.target), work)
    if not opened.columns:
        return _empty(file, "it holds no header and no rows")
    _guard_columns(file, list(opened.columns))
    loaded = checked.work_file(work, "parquet")
    sequence = known.next_sequence(file.target)
    result = opened.load(_technical(file, sequence), loaded)
    if result.rows_loaded + len(result.rejects) == 0 and file.target.delivery == "full":
        return _outcome(file, "refused", "it holds a header and no rows, as if everything had been deleted")
    if _has_changed(file, tonight.place):
        return _waiting(file)
    stored = _describe(file, checked, result, sequence)
    if suppression:
        stored, result = _keep_forgotten(stored, result, file.target, connection, loaded, suppression)
    stored = replace(stored, kinds=kinds_of_columns(connection, loaded, result.columns))
    keep(stored, loaded, result.rejects, settings.raw, settings.quarantine)
    known.stored.append(stored)
    known.remember(file, stored)
    return stored


def _dated(stored: StoredFile, is_dated_by_name: bool, timezone: ZoneInfo) -> StoredFile:
    """A raw file with its moments by the clocks that the config names now.

    A date alone is a day's first moment at the company. Were it kept as it was when the file landed, another timezone in the config
    would make another delivery of every file, and all of it would be counted twice.
    """

    def moment(name: str, day: date) -> datetime:
        told = extract_date_in_name(Path(name).name) if is_dated_by_name else None
        return extract_moment(*(told or (day, None)), timezone)

    again = tuple((name, moment(name, stored.extracted_on).isoformat(), place) for name, _, place in stored.again)
    return replace(stored, extracted_at=moment(stored.file, stored.extracted_on), again=again)


def _could_be(target: DeliveredObject, columns: Sequence[str]) -> bool:
    """True where columns hold all that the object requires: how one sheet of a workbook is told from the others."""
    return not match_columns(
        columns, target.declaration, target.options.columns, tuple(target.options.constants)
    ).missing_required


def _guard_columns(file: LandedFile, columns: list[str]) -> None:
    """Refuse a file whose columns cannot be those of its object. Raises `UnreadableFile`."""
    target = file.target
    repeated = repeated_columns(columns)
    if repeated:
        raise UnreadableFile(f"its header names the column {repeated[0]!r} more than once")
    match = match_columns(columns, target.declaration, target.options.columns, tuple(target.options.constants))
    other = None if target.options.columns else looks_like(columns, target.declaration, target.system)
    if match.missing_required:
        name = match.missing_required[0]
        wanted = target.options.columns.get(name, name)
        like = f"; it looks like {other}" if other else ""
        near = closest(wanted, columns)
        present = f"closest are {', '.join(repr(found) for found in near)}" if near else f"it has {', '.join(columns[:8])}"
        raise UnreadableFile(f"the required column {wanted!r} is missing ({present}){like}")
    if other is not None:
        raise UnreadableFile(f"its columns are not those of {target.label}; it looks like {other}")


def _technical(file: LandedFile, sequence: int) -> str:
    """The columns that raw adds to the delivered ones, besides `_row`."""
    return (
        f"{sql_text(file.relative)} as _file, timestamp '{file.extracted_at.isoformat(sep=' ')}' as _extracted_at, "
        f"{sequence}::bigint as _sequence"
    )


def _describe(file: LandedFile, checked: CheckedFile, result: ReadResult, sequence: int) -> StoredFile:
    return StoredFile(
        system=file.target.system,
        object=file.target.name,
        file=file.relative,
        sha256=checked.sha256,
        extracted_on=file.extracted_on,
        extracted_at=file.extracted_at,
        sequence=sequence,
        format=file.format + (f".{file.compression}" if file.compression else ""),
        columns=result.columns,
        rows_delivered=result.rows_delivered,
        rows_loaded=result.rows_loaded,
        rows_quarantined=len(result.rejects),
        notes=result.notes,
        is_numbered=result.is_numbered,
    )


def _keep_forgotten(
    stored: StoredFile,
    result: ReadResult,
    target: DeliveredObject,
    connection: duckdb.DuckDBPyConnection,
    loaded: Path,
    suppression: Suppression,
) -> tuple[StoredFile, ReadResult]:
    """Whoever was forgotten stays forgotten, also where a new extract delivers them again."""
    from ingestion.forgotten_cells import erase_parquet, without_forgotten

    rows = erase_parquet(connection, loaded, target.system, target.name, suppression, target.options.columns)
    if rows:
        stored = replace(stored, notes=(*stored.notes, f"{rows} of its rows are of people who are to stay forgotten"))
    rejects = without_forgotten(result.rejects, target.system, target.name, suppression)
    return stored, replace(result, rejects=rejects)


def _stored_outcomes(stored: Iterable[StoredFile]) -> list[FileOutcome]:
    """A file delivered again under its own name, for the same date, replaces what it said before; both stay in raw.

    That it was also delivered under another name does not keep it in force.
    """
    files = sorted(stored, key=lambda found: (found.system, found.object, found.sequence))
    newest: dict[tuple[str, str], dict[tuple[str, str], Path]] = {}
    for label in {(found.system, found.object) for found in files}:
        newest[label] = _newest_by_name(found for found in files if (found.system, found.object) == label)
    return [
        FileOutcome(found.system, found.object, found.file, "loaded", None, found)
        if all(newest[(found.system, found.object)][(name, moment)] == found.stem for name, moment, _ in found.deliveries)
        else FileOutcome(found.system, found.object, found.file, "superseded", "delivered again under the same name", found)
        for found in files
    ]


def _newest_by_name(stored: Iterable[StoredFile]) -> dict[tuple[str, str], Path]:
    """Which raw file is the last word of each delivered name and moment, of one object."""
    deliveries = [(sequence, name, moment, found.stem) for found in stored for name, moment, sequence in found.deliveries]
    return {(name, moment): stem for _, name, moment, stem in sorted(deliveries)}


def _only_undated(outcomes: list[FileOutcome], stored: list[StoredFile]) -> list[FileOutcome]:
    """An undated file is left alone with a word, unless its object has no other delivery: then the run cannot do without it."""
    delivered = {(found.system, found.object) for found in stored}
    return [
        replace(found, outcome="ignored")
        if found.outcome == "refused"
        and "no extract date" in (found.reason or "")
        and (found.system, found.object) in delivered
        else found
        for found in outcomes
    ]


def _still_growing(files: list[LandedFile], place: Place) -> list[LandedFile]:
    now = time.time()
    recent = [file for file in files if now - file.found.modified_ns / 1e9 < _RECENT_SECONDS]
    if recent:
        time.sleep(_SECOND_LOOK_SECONDS)
    return [file for file in recent if _has_changed(file, place)]


def _has_changed(file: LandedFile, place: Place) -> bool:
    now = place.look(file.found)
    return now is None or now.identity != file.found.identity


def _key(file: LandedFile) -> str:
    return f"{file.target.label}|{file.relative}|{file.extracted_at.isoformat()}"


def _empty(file: LandedFile, reason: str) -> FileOutcome:
    # An event file or a delta of nothing is a quiet night; a whole table of nothing is not.
    return _outcome(file, "refused" if file.target.delivery == "full" else "ignored", reason)


def _lost(stored: StoredFile, raw: Path) -> FileOutcome:
    reason = f"what was loaded from it is gone or damaged ({stored.parquet(raw)}); it must be delivered once more"
    return FileOutcome(stored.system, stored.object, stored.file, "refused", reason)


def _waiting(file: LandedFile) -> FileOutcome:
    return _outcome(file, "waiting", "it changed while it was read; it is read in the next run")


def _repeat(file: LandedFile, original: str) -> FileOutcome | None:
    """A file that is stored under its own name is no news; under another, it is a repeat."""
    return None if original == file.relative else _outcome(file, "repeat", f"the same bytes as {original}")


def _outcome(file: LandedFile, outcome: str, reason: str) -> FileOutcome:
    return FileOutcome(
        file.target.system,
        file.target.name,
        file.relative,
        outcome,
        reason,
        extracted_on=file.extracted_on,
        extracted_at=file.extracted_at,
    )


def _left_alone(found: FileLeftAlone) -> FileOutcome:
    target = found.target
    return FileOutcome(
        target.system if target else None, target.name if target else None, found.relative, found.outcome, found.reason
    )
