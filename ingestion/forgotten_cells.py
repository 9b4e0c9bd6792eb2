"""Erasing forgotten people from one table of delivered text: which cells are theirs, and writing its file anew.

Belongs here: the roles of columns, one table's changed rows, one file. Landing asks for them each night, erasures of all that is kept.
Does not belong here: the list of the forgotten (suppression.py), who belongs to an address and the order of an erasure (erasure/).

What is a person's: in the rows of a record of theirs (a lead, contact, user … with their address, in any version) every cell of name,
address, phone, postal and social columns; their addresses in any cell of any object; and their full name in any text.
In `extra`, where a published table tells what it has no column for, each value is judged by its own name, as a column is.
Rows stay, and so do ids, amounts and times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from funnelcast.whole_files import written_whole
from ingestion.columns import squash
from ingestion.readers import PLACE, TECHNICAL_COLUMNS, Reject, sql_name, sql_text
from ingestion.suppression import ERASED, Suppression, addresses_in
from ingestion.systems import SYSTEMS

# Objects whose records are people, by the words their names end in.
_PEOPLE = ("lead", "contact", "user", "users", "owner", "rep", "person", "prospect", "recipient")
NAMES = frozenset(
    (
        "name", "firstname", "lastname", "middlename", "fullname", "displayname", "nickname", "username", "alias", "suffix",
        "salutation", "communitynickname", "preferredname", "maidenname", "givenname", "familyname", "surname", "contactname",
        "leadname", "personname",
    )
)  # fmt: skip
_ADDRESSES = frozenset(("email", "emailaddress", "workemail", "personalemail", "secondaryemail"))
_PERSONAL = re.compile(
    r"phone|mobile|fax|street|postal|zip|linkedin|twitter|skype|facebook|instagram|xing|birth|photo|avatar|ipaddress|mailing|"
    r"address|aboutme|signature|pronoun"
)
# An address in such a column is a colleague's who looks after the person, not the person's own.
_COLLEAGUE = re.compile(r"owner|manager|createdby|modifiedby|assigned|rep$|sender|^from")
# Cells that are words of the CRM, however they are called: never read as somebody's name.
_VOCABULARY = re.compile(
    r"stage|status|type|pipeline|forecast|source|industry|country|currency|role|team|segment|product|campaign|outcome|disposition|"
    r"sequence|variant|step|family|metric|scope|period|category|timezone|developername|_file$"
)
# What people write in their own words, whatever else the column's name says: `Next Step`, `Stage Notes`, `Lead Source Detail`.
_PROSE = re.compile(r"nextstep|notes?$|comment|description|details?$|remark|summary|message|feedback|subject")
_REFERENCE = re.compile(r"^(who|owner|user|lead|contact|person|recipient|prospect|v)?id$")
_REFERRED = {
    "whoid": ("lead", "contact"), "leadid": ("lead",), "contactid": ("contact",), "vid": ("contact",), "userid": ("user", "users"),
    "ownerid": ("user", "owner"), "personid": ("person",), "recipientid": ("recipient",), "prospectid": ("prospect",),
}  # fmt: skip
# Columns that tell a person's name beside their id: it is theirs where the id is, of one word or of many.
_NAMED = ("lead", "contact", "person", "prospect", "recipient")
# Which objects a published row can be of, by our word for it: a HubSpot contact may be a lead, and its owner is a user.
_OBJECTS = {"lead": ("lead", "contact"), "contact": ("contact",), "user": ("user", "users", "owner")}
_EXTRA = "extra"
# A sign that parts two words that are no numbers: without one there is no full name. (Unicode's letters cost 20 ms a file.)
_TWO_WORDS = "'[^0-9 ][ ,.;:/()-]+[^0-9 ]'"
POSITION = "_erasure_position"
BLANKED = "(erased)"

# (system, object) → our column → the delivered one, where the config maps it.
Mappings = Mapping[tuple[str, str], Mapping[str, str]]


@dataclass(frozen=True)
class Shape:
    """One table as an erasure sees it. ``roles``: delivered column → what it is called by us, squashed, and by its system."""

    system: str
    object: str
    roles: dict[str, frozenset[str]]
    # Of a table of people: the column of the record's id; those that can hold addresses of its own, and may hold counts and dates
    # of e-mail too; and those whose cells are the person's whatever they say.
    key: str | None
    own_addresses: tuple[str, ...]
    personal: tuple[str, ...]
    # Columns in which a full name is looked for, and those that name a person's record.
    free_text: tuple[str, ...]
    references: tuple[str, ...]
    # Objects whose records a row may be: a published table can gather several.
    kinds: tuple[str, ...] = ()

    def systems(self, cells: Mapping[str, str | None]) -> tuple[str, ...]:
        """Whose record a row is: its own word for it goes first; a raw file is of one system."""
        return (said,) if (said := cells.get("source_system")) else ((self.system,) if self.system else tuple(SYSTEMS))

    def kinds_of(self, cells: Mapping[str, str | None]) -> tuple[str, ...]:
        """The objects whose record a row can be; where several are gathered, its own word says which."""
        return _OBJECTS.get(cells.get("object") or "", self.kinds)


def shape(system: str, name: str, columns: Sequence[str], mapping: Mapping[str, str] | None = None) -> Shape:
    """Tell what the columns of an object are. ``mapping``: our column → the delivered one, where the config maps it."""
    roles = {column: {squash(column)} for column in columns}
    for ours, delivered in (mapping or {}).items():
        for column in columns:
            if squash(column) == squash(delivered):
                roles[column].add(squash(ours))
    is_people = any(name == word or name.endswith(f"_{word}") for word in _PEOPLE)
    keys = {"id", squash(f"{name}_id"), "vid" if name == "contact" else "id"}
    own = tuple(
        column for column in columns if any("email" in role and not _COLLEAGUE.search(role) for role in roles[column])
    )
    return Shape(
        system,
        name,
        {column: frozenset(found) for column, found in roles.items()},
        next((column for column in columns if roles[column] & keys), None) if is_people else None,
        own if is_people else (),
        tuple(column for column in columns if is_people and _is_personal(roles[column], name)),
        tuple(column for column in columns if _is_free_text(roles[column], name if is_people else None)),
        tuple(column for column in columns if any(_REFERENCE.match(role) for role in roles[column])),
        (name,),
    )


def _is_personal(roles: set[str], name: str) -> bool:
    # A job title names nobody, and scores are made of it.
    return any(
        role in NAMES or role in _ADDRESSES or (_PERSONAL.search(role) and not _COLLEAGUE.search(role)) for role in roles
    )


def _is_free_text(roles: set[str], people: str | None) -> bool:
    if people is not None and _is_personal(roles, people):
        return False
    return not any((_VOCABULARY.search(role) and not _PROSE.search(role)) or role.endswith("id") for role in roles)


def erase_parquet(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    system: str,
    name: str,
    suppression: Suppression,
    mapping: Mapping[str, str] | None = None,
) -> int:
    """Rewrite one file of delivered rows without the forgotten, in the order in which they stand. Returns the rows changed."""
    found = shape(system, name, text_columns(connection, path), mapping)
    source = (
        f"(select *, {PLACE} as {POSITION} "
        f"from read_parquet({sql_text(str(path))}, hive_partitioning = false, {PLACE} = true))"
    )
    changed = changed_rows(connection, source, POSITION, found, suppression)
    if changed:
        with written_whole(path) as unfinished:
            connection.execute(
                f"copy (select * exclude ({POSITION}, {PLACE}) from (select * from {source} where {POSITION} not in "
                f"(select {POSITION} from changed_row) union all select * from changed_row) order by {POSITION}) "
                f"to {sql_text(str(unfinished))} (format parquet, compression zstd)"
            )
    return changed


def changed_rows(
    connection: duckdb.DuckDBPyConnection, source: str, position: str, table: Shape, suppression: Suppression
) -> int:
    """Make the temporary table `changed_row`: the rows of ``source`` that hold something of the forgotten, without it.

    ``position`` is a column that numbers the rows of ``source``. Returns how many there are.
    """
    condition = _rows_to_look_at(connection, source, table, suppression)
    connection.execute("drop table if exists changed_row")
    if not condition:
        return 0
    connection.execute(f"create temp table changed_row as select * from {source} where {condition}")
    columns = list(table.roles)
    listed = ", ".join(sql_name(column) for column in columns)
    changes: dict[str, list[dict[str, object]]] = {column: [] for column in columns}
    unchanged = []
    for place, *cells in connection.execute(f"select {position}, {listed} from changed_row").fetchall():
        before = dict(zip(columns, cells, strict=True))
        after = erased_row(table, before, suppression)
        if after == before:
            unchanged.append(place)
        for column, value in after.items():
            if value != before[column]:
                changes[column].append({"place": place, "value": value})
    for column, new in changes.items():
        if new:
            _assign(connection, column, position, new)
    if unchanged:
        connection.execute(f"delete from changed_row where list_contains(?, {position})", [unchanged])
    return int(connection.execute("select count(*) from changed_row").fetchall()[0][0])


def _assign(connection: duckdb.DuckDBPyConnection, column: str, position: str, new: Sequence[Mapping[str, object]]) -> None:
    # One typed JSON parameter: a statement per cell would take minutes where a colleague sent every mail.
    connection.execute(
        f"update changed_row set {sql_name(column)} = told.value from (select unnest(from_json(?::json, "
        """'[{"place": "BIGINT", "value": "VARCHAR"}]'), recursive := true)) as told """
        f"where changed_row.{position} = told.place",
        [json.dumps(new)],
    )


def erased_row(table: Shape, cells: dict[str, str | None], suppression: Suppression) -> dict[str, str | None]:
    """One row without the forgotten: their own cells where it is their record, their addresses and names wherever they are."""
    is_theirs = _is_record_of(table, cells, suppression)
    speaks_of_them = is_theirs or any(
        value and _refers(table, column, value, cells, suppression) for column, value in cells.items()
    )
    return _erased_cells(table, cells, suppression, is_theirs, speaks_of_them)


def _erased_cells(
    table: Shape, cells: Mapping[str, str | None], suppression: Suppression, is_theirs: bool, speaks_of_them: bool
) -> dict[str, str | None]:
    after: dict[str, str | None] = {}
    for column, value in cells.items():
        after[column] = value
        if not value or not value.strip():
            continue
        if column == _EXTRA and (told := _told_in(value)) is not None:
            after[column] = _erased_extra(table, value, told, suppression, is_theirs, speaks_of_them)
            continue
        written = suppression.without_addresses(value)
        if is_theirs and column in table.own_addresses:
            # An address becomes an address, so that what is matched on it stays matched.
            written = suppression.without_any_address(value)
        is_own = (is_theirs and column in table.personal) or _is_name_of_theirs(table, column, cells, suppression)
        if is_own and written == value and not value.casefold().startswith(f"{ERASED}-"):
            written = suppression.token(value)
        elif column in table.free_text:
            written = suppression.without_names(written, speaks_of_them or written != value)
        elif _is_called_by_name(table, column) and suppression.without_names(value, speaks_of_them) != value:
            # An id that is the person's name: the same token everywhere, so that what is joined on it stays joined.
            written = suppression.without_names(value, speaks_of_them)
        after[column] = written
    return after


def _told_in(value: str) -> dict[str, object] | None:
    """The delivered columns that stand in one cell as JSON; None where it is something else."""
    try:
        told = json.loads(value)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _erased_extra(
    table: Shape, value: str, told: dict[str, object], suppression: Suppression, is_theirs: bool, speaks_of_them: bool
) -> str:
    """Each of the columns in `extra` as it would be erased in raw, so that what is built of erased rows says the same."""
    texts = {name: text for name, text in told.items() if isinstance(text, str)}
    inner = shape(table.system, table.object, list(texts))
    speaks = speaks_of_them or any(_refers(inner, name, text, {}, suppression) for name, text in texts.items() if text)
    after = _erased_cells(inner, texts, suppression, is_theirs, speaks)
    if after == texts:
        return value
    return json.dumps({**told, **after}, ensure_ascii=False, separators=(",", ":"))


def _is_name_of_theirs(table: Shape, column: str, cells: Mapping[str, str | None], suppression: Suppression) -> bool:
    """Whether a cell is the name that stands beside the id of somebody forgotten: `lead_name` beside `lead_id`."""
    kinds = [kind for kind in _NAMED if f"{kind}name" in table.roles[column]]
    return any(
        f"{kind}id" in table.roles[other] and value and _refers(table, other, value, cells, suppression)
        for kind in kinds
        for other, value in cells.items()
    )


def without_forgotten(rejects: Iterable[Reject], system: str, name: str, suppression: Suppression) -> tuple[Reject, ...]:
    """Blank the lines that could not be read and speak of the forgotten; line and reason stay."""
    return tuple(
        replace(reject, text=BLANKED) if speaks_of_forgotten(reject.text, system, name, suppression) else reject
        for reject in rejects
    )


def speaks_of_forgotten(text: str, system: str, name: str, suppression: Suppression) -> bool:
    """Whether a line that could not be read holds an address, a name or the record's id of somebody forgotten."""
    return (
        suppression.without_addresses(text) != text
        or suppression.without_names(text) != text
        or suppression.holds_any_record(system, name, text)
    )


def _rows_to_look_at(connection: duckdb.DuckDBPyConnection, source: str, table: Shape, suppression: Suppression) -> str:
    """SQL for the rows that hold something of the forgotten: told by the different values of each column, each looked at once."""
    if not table.roles:
        return ""
    listed = ", ".join(sql_name(column) for column in table.roles)
    ids = [column for column in table.roles if column == table.key or column in table.references]
    called = [column for column in table.roles if column in table.free_text or _is_called_by_name(table, column)]
    # One scan for all columns: a query for each would take ten times as long on small files.
    values = connection.execute(
        f"""
        select distinct _column, _value from (
            unpivot (select {listed} from {source}) on {listed} into name _column value _value
        )
        where contains(_value, '@') or contains(_value, '%40') or list_contains(?, _column)
            or (list_contains(?, _column) and regexp_matches(_value, {_TWO_WORDS}))
        """,
        [ids, called],
    )
    theirs: dict[str, list[str]] = {}
    while batch := values.fetchmany(50_000):
        for column, value in batch:
            if _is_of_interest(table, column, value, suppression):
                theirs.setdefault(column, []).append(sql_text(value))
    return " or ".join(f"{sql_name(column)} in ({', '.join(found)})" for column, found in theirs.items())


def _is_of_interest(table: Shape, column: str, value: str, suppression: Suppression) -> bool:
    if suppression.without_addresses(value) != value:
        return True
    if column == table.key and _is_forgotten(table, table.kinds, value, {}, suppression):
        return True
    if _refers(table, column, value, {}, suppression):
        return True
    is_searched = column in table.free_text or _is_called_by_name(table, column)
    return is_searched and suppression.without_names(value) != value


def _is_record_of(table: Shape, cells: dict[str, str | None], suppression: Suppression) -> bool:
    if table.key is None:
        return False
    key = cells.get(table.key) or ""
    return _is_forgotten(table, table.kinds_of(cells), key, cells, suppression) or any(
        suppression.holds_address(found) for column in table.own_addresses for found in addresses_in(cells[column] or "")
    )


def _is_forgotten(
    table: Shape, kinds: Sequence[str], key: str, cells: Mapping[str, str | None], suppression: Suppression
) -> bool:
    return any(suppression.holds_record(system, kind, key) for system in table.systems(cells) for kind in kinds)


def _refers(table: Shape, column: str, value: str, cells: Mapping[str, str | None], suppression: Suppression) -> bool:
    """Whether a cell names the record of somebody forgotten: `WhoId` a lead's or a contact's, `lead_id` a lead's."""
    if column not in table.references:
        return False
    kinds = [kind for role in table.roles[column] for kind in _REFERRED.get(role, ())]
    return _is_forgotten(table, kinds, value, cells, suppression)


def _is_called_by_name(table: Shape, column: str) -> bool:
    return any(role.endswith("id") or role in _PEOPLE for role in table.roles[column])


def text_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    described = connection.execute(f"describe from {all_of(path)}").fetchall()
    return [str(name) for name, kind, *_ in described if name not in TECHNICAL_COLUMNS and kind == "VARCHAR"]


def all_of(path: Path) -> str:
    return f"read_parquet({sql_text(str(path))}, hive_partitioning = false)"
