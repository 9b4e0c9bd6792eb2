"""What lies in the landing folder: which file belongs to which object, of which date, and which are left alone and why.

Belongs here: names and places. Does not belong here: what is inside a file (readers/), or what was loaded before (store.py).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from funnelcast.errors import UsageError
from funnelcast.landing_place import RemoteFolder
from funnelcast.sales_process import ObjectOptions, SalesProcess
from ingestion.places import Found, place_of
from ingestion.readers import Compression, Format
from ingestion.systems import SYSTEMS, ObjectDeclaration

_TEXT_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_FORMATS: dict[str, Format] = {**_TEXT_FORMATS, ".parquet": "parquet", ".xlsx": "xlsx"}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst"}
_EXPECTED = ".csv, .tsv, .txt, .jsonl or .json, plain, .gz or .zst, or .parquet or .xlsx"
# Named, because people deliver them and would think that they were read.
_ADVICE = {
    ".zip": "a .zip can hold anything; unpack it, or pack each extract of its own as .gz or .zst",
    ".7z": "unpack it, or pack each extract of its own as .gz or .zst",
    ".rar": "unpack it, or pack each extract of its own as .gz or .zst",
    ".tar": "unpack it, and deliver each extract of its own",
    ".tgz": "unpack it, and deliver each extract of its own",
    ".bz2": "pack it as .gz or .zst",
    ".xz": "pack it as .gz or .zst",
    ".xls": "save it as .xlsx or .csv",
    ".xlsm": "save it as .xlsx or .csv",
    ".xlsb": "save it as .xlsx or .csv",
    ".ods": "save it as .xlsx or .csv",
}
_UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart")
_DATE_IN_NAME = re.compile(
    r"(?<!\d)(?P<year>19\d\d|20\d\d)(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"(?:[T_-](?P<hour>\d\d)[-:]?(?P<minute>\d\d)(?:[-:]?(?P<second>\d\d))?Z?)?(?!\d)"
)


@dataclass(frozen=True)
class DeliveredObject:
    """One object of one system, with what the config says about its delivery."""

    system: str
    declaration: ObjectDeclaration
    options: ObjectOptions

    @property
    def name(self) -> str:
        return self.declaration.name

    @property
    def label(self) -> str:
        return f"{self.system}.{self.name}"

    @property
    def delivery(self) -> str:
        return self.options.delivery or self.declaration.delivery


@dataclass(frozen=True)
class LandedFile:
    """A file that belongs to an object. ``extracted_at`` is UTC; a date alone means that day's first moment at the company."""

    relative: str
    target: DeliveredObject
    extracted_on: date
    extracted_at: datetime
    format: Format
    compression: Compression | None
    found: Found

    @property
    def path(self) -> Path:
        """Where it lies; of a landing elsewhere, its name there: its bytes are local only while they are fetched."""
        return self.found.path

    @property
    def size(self) -> int:
        return self.found.size


@dataclass(frozen=True)
class FileLeftAlone:
    """A file that is not read in this run, and why: waiting (next run), ignored (nothing takes it), refused (must be mended)."""

    relative: str
    outcome: Literal["waiting", "ignored", "refused"]
    reason: str
    target: DeliveredObject | None = None


def delivered_objects(process: SalesProcess) -> list[DeliveredObject]:
    """List every declared object with its options. Raises `UsageError` for options of an object that does not exist."""
    by_label = {f"{system.name}.{name}" for system in SYSTEMS.values() for name in system.objects}
    for key in process.objects:
        if _label(key) not in by_label:
            raise UsageError(
                f"objects.{key}: there is no such object; expected one of {', '.join(sorted(by_label))} "
                "(a name without a system means generic)."
            )
    options = {_label(key): value for key, value in process.objects.items()}
    found = [
        DeliveredObject(system.name, declaration, options.get(f"{system.name}.{name}", ObjectOptions()))
        for system in SYSTEMS.values()
        for name, declaration in system.objects.items()
    ]
    for target in found:
        _columns_exist(target)
    return found


def scan_landing(
    landing: Path | RemoteFolder, targets: Iterable[DeliveredObject], timezone: ZoneInfo
) -> tuple[list[LandedFile], list[FileLeftAlone]]:
    """Match every file below ``landing`` to the objects that take it, in the order of their names.

    Symbolic links are followed only to files inside the landing folder. Raises `UsageError` if the folder is missing.
    """
    by_folder = {(target.system, target.name): target for target in targets}
    files: list[LandedFile] = []
    left_alone: list[FileLeftAlone] = []
    for found in place_of(landing).files():
        takers = _takers(found.relative, by_folder)
        reason = found.problem
        if reason is None and not takers:
            reason = "no object takes it: expected `<system>/<object>/<file>`, or a `files` pattern in the config"
        if reason is not None:
            left_alone.append(FileLeftAlone(found.relative, "ignored", reason))
            continue
        for target in takers:
            described = _describe(found, target, timezone)
            if isinstance(described, LandedFile):
                files.append(described)
            else:
                left_alone.append(described)
    return files, left_alone


def extract_date_in_name(name: str) -> tuple[date, time | None] | None:
    """Read the extract date, and the time if there is one, from a file's name; the last one named counts."""
    for match in reversed(list(_DATE_IN_NAME.finditer(name))):
        try:
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            moment = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0)) if match["hour"] else None
        except ValueError:
            continue
        return day, moment
    return None


def extract_moment(day: date, moment: time | None, timezone: ZoneInfo) -> datetime:
    """When an extract was taken, in UTC: a date alone means that day's first moment at the company."""
    taken = datetime.combine(day, time(), timezone).astimezone(UTC) if moment is None else datetime.combine(day, moment, UTC)
    return taken.replace(tzinfo=None)


def format_of(path: Path) -> tuple[Format, Compression | None] | None:
    """How a file is to be read, by its name; None where it is of no type that is read."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    inner = suffixes[:-1] if compression else suffixes
    kind = inner[-1] if inner else ""
    return (_FORMATS[kind], compression) if kind in (_TEXT_FORMATS if compression else _FORMATS) else None


def _label(key: str) -> str:
    return key if "." in key else f"generic.{key}"


def _columns_exist(target: DeliveredObject) -> None:
    declared = [column.name for column in target.declaration.columns]
    for kind in ("columns", "constants"):
        mapped: Mapping[str, str] = getattr(target.options, kind)
        for name in mapped:
            if name not in declared:
                raise UsageError(
                    f"objects.{target.label}.{kind}.{name}: there is no such column; expected one of {', '.join(declared)}."
                )


def _takers(relative: str, by_folder: dict[tuple[str, str], DeliveredObject]) -> list[DeliveredObject]:
    """An object takes the files its config names, or else those in its own folder."""
    takers = [
        target
        for target in by_folder.values()
        if target.options.files is not None and fnmatch.fnmatchcase(relative, target.options.files)
    ]
    parts = relative.split("/")
    if len(parts) == 3:
        home = by_folder.get((parts[0], parts[1]))
        if home is not None and home.options.files is None:
            takers.append(home)
    return takers


def _describe(found: Found, target: DeliveredObject, timezone: ZoneInfo) -> LandedFile | FileLeftAlone:
    path, relative = found.path, found.relative
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _UNFINISHED:
        return FileLeftAlone(relative, "waiting", "it is still being written, by its name", target)
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    inner = suffixes[:-1] if compression else suffixes
    last = inner[-1] if inner else ""
    if last in _ADVICE or (compression and last in _FORMATS and last not in _TEXT_FORMATS):
        advice = _ADVICE.get(last, f"it is packed already; deliver it as {last}")
        reason = f"files of type {last}{suffixes[-1] if compression else ''} are not read: {advice}"
        return FileLeftAlone(relative, "refused", reason, target)
    if last not in _FORMATS:
        return FileLeftAlone(relative, "ignored", f"its type is unknown; expected {_EXPECTED}", target)
    dated = (target.options.extracted_on, None) if target.options.extracted_on else extract_date_in_name(path.name)
    if dated is None or dated[0] is None:
        reason = f"its name carries no extract date; expected one such as {target.name}_2026-11-22{last}"
        return FileLeftAlone(relative, "refused", reason, target)
    day, moment = dated
    return LandedFile(relative, target, day, extract_moment(day, moment, timezone), _FORMATS[last], compression, found)
