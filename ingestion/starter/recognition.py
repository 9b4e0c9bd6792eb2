"""What lies in a landing folder, recognised by its columns, whatever the folders are called: for `funnelcast init`.

Belongs here: which object a group of files is, which delivered column is which of ours, how its dates and numbers are written.
Nothing is guessed that could be read in two ways: it is asked. Does not belong here: the words of the config (config.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from ingestion.columns import match_columns, squash
from ingestion.landing import extract_date_in_name, format_of
from ingestion.readers import UnreadableFile, check, open_file, sql_name, sql_text, stored_name
from ingestion.systems import SYSTEMS, ObjectDeclaration

# What other CRMs call the columns of our generic objects, squashed; the first that is there is taken.
_SYNONYMS: dict[str, dict[str, str]] = {
    "opportunity": {
        "opportunity_id": "dealid oppid opportunity id", "stage": "dealstage stagename salesstage pipelinestage phase",
        "created_at": "createdate createddate createdon created engagedate opendate opened", "name": "dealname opportunityname title",
        "account_id": "account accountname company companyid companyname customer customerid client organization",
        "owner_id": "salesagent owner ownername ownerid rep salesrep salesperson assignedto agent accountexecutive",
        "product": "productname", "amount": "closevalue dealvalue dealamount value revenue price dealsize",
        "currency": "currencycode currencyisocode", "source": "leadsource dealsource channel", "pipeline": "pipelinename",
        "closed_at": "closedate closeddate closedon wondate", "expected_close_on": "expectedclose expectedclosedate forecastdate",
        "lost_reason": "lossreason reasonlost", "updated_at": "lastmodified lastmodifieddate modifiedon updated",
    },
    "user": {
        "user_id": "salesagent rep repid salesrep agentid agent employeeid id",
        "name": "salesagent repname rep salesrep agent fullname",
        "team": "regionaloffice teamname region office department squad", "manager_id": "manager", "role": "jobtitle title position",
    },
    "account": {
        "account_id": "account companyid customerid accountname company customer organization id",
        "name": "account accountname company companyname customer organization", "industry": "sector vertical",
        "country": "officelocation location", "employees": "headcount numberofemployees employeecount", "domain": "website",
    },
    "product": {
        "product_id": "product sku productname id", "name": "product productname", "family": "series category line",
        "list_price": "salesprice price unitprice",
    },
    "lead": {
        "lead_id": "id", "created_at": "createdate createddate created createdon", "source": "leadsource channel",
        "owner_id": "owner salesrep rep", "status": "leadstatus", "email": "emailaddress",
    },
    "stage_history": {
        "opportunity_id": "dealid oppid opportunity", "stage": "dealstage stagename newstage tostage newvalue",
        "entered_at": "changedat changedon changedate date timestamp enteredon createddate modifiedat",
    },
    "activity": {
        "activity_id": "id", "type": "activitytype kind", "occurred_at": "date timestamp activitydate startedat createdat",
        "user_id": "ownerid owner rep agent", "opportunity_id": "dealid", "lead_id": "leadid",
    },
    "email_event": {"event_id": "id", "event_type": "event type", "occurred_at": "timestamp date createdat",
        "recipient_email": "recipient to email"},
}  # fmt: skip
_NUMBERS = {
    "1,234.5": r"-?\d{1,3}(,\d{3})*(\.\d+)?", "1.234,5": r"-?\d{1,3}(\.\d{3})*(,\d+)?", "1 234,5": r"-?\d{1,3}( \d{3})*(,\d+)?",
}  # fmt: skip
_PLAIN_NUMBER = re.compile(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d+)?)? ?(Z|[+-]\d\d(:?\d\d)?)?)?|\d{12,13}")
_DAYS = (
    "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d.%m.%y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y",
    "%m/%d/%y", "%Y.%m.%d", "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%y", "%B %d, %Y", "%d %B %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
# So many values are enough to tell a format, and a format that reads so many of them is the one: the others are typing errors.
_VALUES_LOOKED_AT = 20_000
_SHARE_READ = 0.98
_OWN_FOLDER = 2


@dataclass(frozen=True)
class RecognisedObject:
    """Files that belong to one object, and what the config must say of them."""

    system: str
    declaration: ObjectDeclaration
    files: tuple[str, ...]
    columns: tuple[str, ...]
    # Our column → the delivered one, where matching by name does not find it.
    mapping: dict[str, str]
    # A glob below landing, where the files are not in their object's own folder. None: they are.
    pattern: str | None
    has_dates_in_names: bool
    dates: str | None = None
    numbers: str | None = None
    # What could be read in two ways, for a person to say.
    questions: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.declaration.name

    @property
    def label(self) -> str:
        return f"{self.system}.{self.name}"

    def delivered(self, column: str) -> str | None:
        """What one of our columns is called in these files."""
        return match_columns(self.columns, self.declaration, self.mapping).matched.get(column)


@dataclass(frozen=True)
class Recognition:
    """A landing folder as it was found. ``tables``: the rows of each object, in the connection it was recognised with."""

    objects: tuple[RecognisedObject, ...]
    # Files nothing was made of, and why.
    left_over: tuple[tuple[str, str], ...]
    tables: dict[str, str]


@dataclass(frozen=True)
class _Group:
    """Files of one folder with the same columns, and the table of their rows."""

    files: tuple[str, ...]
    columns: tuple[str, ...]
    table: str


def recognise(landing: Path, connection: duckdb.DuckDBPyConnection, work: Path) -> Recognition:
    """Look at every file below ``landing``; ``work`` takes what must be unpacked."""
    groups, left_over = _groups(landing, connection, work)
    best: dict[str, list[tuple[_Group, str, ObjectDeclaration, dict[str, str]]]] = {}
    for group in groups:
        found = _object_of(group)
        if found is None:
            left_over += [
                (name, f"its columns are those of no object ({', '.join(group.columns[:6])} …)") for name in group.files
            ]
            continue
        system, declaration, mapping = found
        best.setdefault(f"{system}.{declaration.name}", []).append((group, system, declaration, mapping))
    objects, tables = [], {}
    taken = [name for group in groups for name in group.files]
    for label, candidates in best.items():
        # Several groups can be one object whose columns changed over time; files of other names or shapes are told, not mixed in.
        first = max(
            candidates, key=lambda one: (_is_named(one[0], label), not one[3], len(one[0].files), len(one[0].columns))
        )
        own_folder = label.replace(".", "/")
        same = [
            one
            for one in candidates
            if one[3] == first[3]
            and (
                _folder(one[0]) == _folder(first[0]) == own_folder
                or _undated(one[0].files[0]) == _undated(first[0].files[0])
            )
        ]
        left_over += [
            (name, f"it looks like {label} too, but is not like {first[0].files[0]}")
            for one in candidates
            if one not in same
            for name in one[0].files
        ]
        files = tuple(sorted(name for one in same for name in one[0].files))
        columns = tuple(dict.fromkeys(column for one in same for column in one[0].columns))
        pattern, is_clean = _pattern(label, files, taken)
        questions = () if is_clean else (f"no single pattern names these files and no others: {', '.join(files[:5])}",)
        table = " union all by name ".join(f"select * from {one[0].table}" for one in same)
        tables[label] = f"({table})"
        found_object = RecognisedObject(
            first[1], first[2], files, columns, first[3], pattern, all(map(extract_date_in_name, files)), questions=questions
        )
        objects.append(_with_formats(found_object, connection, tables[label]))
    return Recognition(tuple(sorted(objects, key=lambda one: one.label)), tuple(left_over), tables)


def values(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    """The different values of a delivered column, trimmed, without blanks."""
    name = f"trim({sql_name(stored_name(column))})"
    rows = connection.execute(f"select distinct {name} from {table} where {name} <> '' order by 1 limit {_VALUES_LOOKED_AT}")
    return [str(value) for (value,) in rows.fetchall()]


def _groups(landing: Path, connection: duckdb.DuckDBPyConnection, work: Path) -> tuple[list[_Group], list[tuple[str, str]]]:
    found: dict[tuple[str, tuple[str, ...]], list[tuple[str, Path]]] = {}
    left_over: list[tuple[str, str]] = []
    for number, path in enumerate(sorted(landing.rglob("*"))):
        if not path.is_file() or path.is_symlink() or path.name.startswith("."):
            continue
        relative = path.relative_to(landing).as_posix()
        if path.name.endswith((".yml", ".yaml", ".md")):
            continue
        try:
            columns, loaded = _loaded(path, connection, work / f"{number}.parquet", work)
        except UnreadableFile as error:
            left_over.append((relative, str(error)))
            continue
        if columns:
            folder = relative.rpartition("/")[0]
            found.setdefault((folder, tuple(columns)), []).append((relative, loaded))
        else:
            left_over.append((relative, "it holds no header"))
    groups = []
    for number, ((_, columns_found), files) in enumerate(found.items()):
        listed = ", ".join(sql_text(str(loaded)) for _, loaded in files)
        connection.execute(f"create or replace view recognised_{number} as from read_parquet([{listed}])")
        groups.append(_Group(tuple(name for name, _ in files), columns_found, f"recognised_{number}"))
    return groups, left_over


def _loaded(path: Path, connection: duckdb.DuckDBPyConnection, target: Path, work: Path) -> tuple[list[str], Path]:
    kind = format_of(path)
    if kind is None:
        raise UnreadableFile(
            "its type is not read; expected .csv, .tsv, .jsonl, .json (plain, .gz, .zst), .parquet or .xlsx"
        )
    opened = open_file(connection, check(path, *kind, work), kind[0], _is_sheet, work)
    if opened.columns:
        opened.load("null as _file, null as _extracted_at, null as _sequence", target)
    return list(opened.columns), target


def _is_sheet(columns: Sequence[str]) -> bool:
    """A sheet of a workbook that could be an extract of any object that is declared."""
    return any(
        not match_columns(columns, declaration, {}).missing_required
        for system in SYSTEMS.values()
        for declaration in system.objects.values()
    )


def _object_of(group: _Group) -> tuple[str, ObjectDeclaration, dict[str, str]] | None:
    """The object whose columns these are: by name in any system, or else by what others call the generic ones."""
    exact = [
        (len(match.matched), _hint(group, system.name, name), system.name, declaration)
        for system in SYSTEMS.values()
        for name, declaration in system.objects.items()
        if not (match := match_columns(group.columns, declaration, {})).missing_required
    ]
    mapped = [
        (len(set(mapping.values())), _hint(group, "generic", name), name, mapping)
        for name in _SYNONYMS
        if (mapping := _mapping(group.columns, SYSTEMS["generic"].objects[name])) is not None
    ]
    if exact:
        # A folder that is named as ours are says what it is; else the object that knows most of the columns.
        known, hint, system_name, declaration = max(exact, key=lambda one: (one[1], one[0]))
        knows_as_much = known >= max((count for count, *_ in mapped), default=0)
        if hint == _OWN_FOLDER or (knows_as_much and known * 2 >= min(len(group.columns), 6)):
            return system_name, declaration, {}
    if not mapped:
        return None
    _, _, name, mapping = max(mapped, key=lambda one: (one[0], one[1]))
    declaration = SYSTEMS["generic"].objects[name]
    by_name = match_columns(group.columns, declaration, {}).matched
    return "generic", declaration, {ours: theirs for ours, theirs in mapping.items() if by_name.get(ours) != theirs}


def _is_named(group: _Group, label: str) -> bool:
    """Whether a file is called exactly as its object is."""
    name = _undated(group.files[0]).rpartition("/")[2].partition(".")[0]
    return squash(name) == squash(label.partition(".")[2])


def _folder(group: _Group) -> str:
    return group.files[0].rpartition("/")[0]


def _undated(file: str) -> str:
    """A file's name with a star for its date: what all deliveries of one object share."""
    return re.sub(r"\d{4}-?\d\d-?\d\d([T_-]\d\d[-:]?\d\d([-:]?\d\d)?Z?)?", "*", file)


def _hint(group: _Group, system: str, name: str) -> int:
    """2: the files lie in `<system>/<object>/`; 1: their name or folder speaks of the object; 0: neither."""
    parts = group.files[0].split("/")
    if parts[:-1] == [system, name]:
        return _OWN_FOLDER
    said = squash("".join(parts[-2:]))
    return int(squash(name) in said)


def _mapping(columns: Sequence[str], declaration: ObjectDeclaration) -> dict[str, str] | None:
    """Our column → the delivered one, by our name or what others call it; None where a required one is not there."""
    by_squash = {squash(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for column in declaration.columns:
        names = [squash(column.name), *_SYNONYMS[declaration.name].get(column.name, "").split()]
        present = next((by_squash[name] for name in names if name in by_squash), None)
        if present is not None:
            found[column.name] = present
        elif column.required:
            return None
    return found


def _pattern(label: str, files: Sequence[str], taken: Sequence[str]) -> tuple[str | None, bool]:
    """A glob that names these files and no others; whether there is one."""
    own_folder = label.replace(".", "/")
    if all(file.rpartition("/")[0] == own_folder for file in files):
        return None, True
    folders = {file.rpartition("/")[0] for file in files}
    others = [name for name in taken if name not in files]
    # The shortest that will do: the one file, its name with any date, all of its folder.
    candidates = [_undated(re.sub(r"[\[\]?*]", "?", files[0]))]
    candidates += [f"{folder}/*" if folder else "*" for folder in folders]
    for candidate in [files[0], *candidates] if len(files) == 1 else candidates:
        if all(_matches(file, candidate) for file in files) and not any(_matches(name, candidate) for name in others):
            return candidate, True
    return candidates[0], False


def _matches(name: str, pattern: str) -> bool:
    import fnmatch

    return fnmatch.fnmatchcase(name, pattern)


def _with_formats(found: RecognisedObject, connection: duckdb.DuckDBPyConnection, table: str) -> RecognisedObject:
    dates, numbers, questions = set[str](), set[str](), list(found.questions)
    for column in found.declaration.columns:
        delivered = found.delivered(column.name)
        if delivered is None or column.kind == "text":
            continue
        seen = values(connection, table, delivered)
        fits = date_formats(seen) if column.kind == "time" else number_formats(seen)
        kind = "dates" if column.kind == "time" else "numbers"
        if fits is None:
            continue
        if len(fits) == 1:
            (dates if column.kind == "time" else numbers).add(fits[0])
        else:
            # Examples of dates and amounts are nobody's data.
            what = f"could be {' or '.join(fits)}" if fits else "are written in no way that is known here"
            questions.append(f"{kind} of {delivered} {what} (such as {seen[0]!r}); say which: `{kind}:`")
    for kind, several in (("dates", dates), ("numbers", numbers)):
        if len(several) > 1:
            questions.append(
                f"its {kind} are written in several ways ({', '.join(sorted(several))}); only one can be said: `{kind}:`"
            )
    return RecognisedObject(
        **{
            **found.__dict__,
            "dates": next(iter(dates)) if len(dates) == 1 else None,
            "numbers": next(iter(numbers)) if len(numbers) == 1 else None,
            "questions": tuple(questions),
        }
    )


def date_formats(seen: Sequence[str], today: date | None = None) -> list[str] | None:
    """The formats that these dates can be in. None: they need none (ISO, epoch milliseconds, nothing there)."""
    odd = [value for value in seen if not _ISO.fullmatch(value)]
    if len(odd) <= (1 - _SHARE_READ) * len(seen):
        return None
    latest = (today or datetime.now(UTC).date()).year + 5
    return [fmt for fmt in _formats() if _is_plausible([_read(value, fmt) for value in odd], latest)]


def _formats() -> Iterator[str]:
    for day in _DAYS:
        for clock in _CLOCKS:
            yield f"{day}{clock}"


def _read(value: str, fmt: str) -> date | None:
    try:
        return datetime.strptime(value, fmt).replace(tzinfo=UTC).date()
    except ValueError:
        # That is the answer: it is not written so.
        return None


def _is_plausible(read: Sequence[date | None], latest: int) -> bool:
    """Whether a reading makes dates of a business: nearly all of them, in living memory, and not always on the same days of the month.

    `20-10-16` is a day of 2016 or of 2020; where the last part is only ever 16 or 17, it is the year.
    """
    days = {day for day in read if day is not None}
    if len([day for day in read if day is not None]) < _SHARE_READ * len(read):
        return False
    if any(not 1970 <= day.year <= latest for day in days):
        return False
    years, of_month = {day.year for day in days}, {day.day for day in days}
    return not (len(days) >= 30 and len(of_month) <= 3 and len(years) > len(of_month))


def number_formats(seen: Sequence[str]) -> list[str] | None:
    """The formats that these numbers can be in. None: they are plain, or none is there."""
    odd = [value for value in seen if not _PLAIN_NUMBER.fullmatch(value)]
    if len(odd) <= (1 - _SHARE_READ) * len(seen):
        return None
    fits = [
        fmt
        for fmt, pattern in _NUMBERS.items()
        if sum(bool(re.fullmatch(pattern, value)) for value in seen) >= _SHARE_READ * len(seen)
    ]
    # Without a thousands separator these two read the same.
    return [fmt for fmt in fits if fmt != "1 234,5" or "1.234,5" not in fits]


def missing_objects(found: Sequence[RecognisedObject], unlocks: Mapping[str, str]) -> list[tuple[str, str]]:
    """The kinds of extracts that were not found, and what they would make known."""
    present = {one.name for one in found}
    return [(kinds, what) for kinds, what in unlocks.items() if not present & set(kinds.split("|"))]
