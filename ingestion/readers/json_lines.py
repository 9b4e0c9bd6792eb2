"""JSON → rows in Parquet, and rejects with line and reason: one object per line, an array of them, or a list in its envelope.

Belongs here: objects and their keys; every value becomes text, nested ones JSON text. Does not belong here: encodings (text.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import duckdb

from ingestion.readers.line_ends import is_mixed, with_line_feeds_only
from ingestion.readers.results import CheckedFile, ReadResult, Reject, TextFacts, UnreadableFile
from ingestion.readers.sql import first_sentence, one_thread, rows_in, sql_name, sql_path, sql_text, stored_names
from ingestion.readers.text import LONGEST_LINE, as_told, chunks, head, is_decodable, scan

_HEAD = 1 << 20
# What DuckDB reads lines with: one column, of a delimiter that JSON text never holds unescaped.
_NEVER_IN_JSON = b"\x01"
_USUAL_LINE = 2 << 20
# Under these names public APIs answer with a list: HubSpot, Instantly, Salesforce, and most others.
_ENVELOPES = ("items", "results", "records", "data")
_BLANK = " \t\r\n\x0b\x0c"


def json_lines(connection: duckdb.DuckDBPyConnection, checked: CheckedFile, work: Path) -> CheckedFile:
    """Make a file of JSON one of lines that DuckDB can read: an array becomes lines, and lines that are no text become blank.

    Raises `UnreadableFile` for an array that cannot be read to its end.
    """
    beginning = head(checked.text, _HEAD).removeprefix(codecs.BOM_UTF8)
    if re.match(rb"\s*\[\s*[{\]]", beginning):
        lines = _unrolled(connection, checked.text, checked.work_file(work, "jsonl"))
        return replace(checked, text=lines, facts=scan(lines), notes=(*checked.notes, "one JSON array read as lines"))
    name = _envelope(connection, checked.text, beginning)
    if name is not None:
        lines = _unwrapped(connection, checked.text, name, checked.work_file(work, "jsonl"))
        return replace(checked, text=lines, facts=scan(lines), notes=(*checked.notes, f"the list {name!r} read as lines"))
    facts = checked.facts or scan(checked.text)
    mixed = is_mixed(facts)
    checked = with_line_feeds_only(checked, work)
    if mixed:
        checked = replace(checked, notes=(*checked.notes, "mixed line ends made one"))
    return checked if _is_clean(checked.text, facts) else _without_unreadable_lines(checked, work)


def jsonl_columns(connection: duckdb.DuckDBPyConnection, text: Path) -> list[str]:
    """List the keys of all objects, in the order in which they first appear."""
    with _room_for_lines(connection, scan(text).longest_line) as longest:
        rows = connection.execute(
            f"""
            with lines as (select line, row_number() over () as row from {_lines_of(text, longest)}),
            keys as (select unnest(json_keys(line)) as key, row from lines where {_is_object("line")})
            select key from keys group by key order by min(row), key
            """
        ).fetchall()
    return [key for (key,) in rows]


def load_jsonl(
    connection: duckdb.DuckDBPyConnection, checked: CheckedFile, columns: Sequence[str], technical: str, target: Path
) -> ReadResult:
    """Copy JSON Lines, all values as text (nested ones as JSON), to zstd Parquet; broken lines come back as rejects.

    ``_row`` is the number of the line in the file. Blank lines are no rows.
    """
    facts = checked.facts or scan(checked.text)
    values = ", ".join(
        f"json_extract_string(line, {sql_text('/' + name.replace('~', '~0').replace('/', '~1'))}) as {sql_name(stored)}"
        for name, stored in zip(columns, stored_names(columns), strict=True)
    )
    with _room_for_lines(connection, facts.longest_line) as longest:
        lines = (
            f"(select * from (select line, row_number() over () as row from {_lines_of(checked.text, longest)}) "
            f"where trim(line, {sql_text(_BLANK)}) <> '')"
        )
        connection.execute(
            f"copy (select {values}{',' if values else ''} row as _row, {technical} from {lines} where {_is_row('line')}) "
            f"to {sql_text(str(target))} (format parquet, compression zstd)"
        )
        broken = connection.execute(
            f"select row, line, {_is_object('line')} from {lines} where not ({_is_row('line')}) order by row"
        ).fetchall()
    rejects = [
        *checked.rejects,
        *(
            Reject(int(row), "it names a key more than once" if is_object else "it is not a JSON object", str(line))
            for row, line, is_object in broken
        ),
    ]
    delivered = len(checked.rejects) + _count_lines(checked.text)
    in_order = tuple(sorted(rejects, key=lambda reject: reject.line))
    return ReadResult(tuple(columns), delivered, rows_in(connection, target), in_order, checked.notes)


def _unrolled(connection: duckdb.DuckDBPyConnection, text: Path, target: Path) -> Path:
    """Write each element of a JSON array on a line of its own."""
    try:
        elements = connection.execute(
            f"select json(json)::varchar from read_json_objects({sql_path(text)}, format = 'array', compression = 'none', "
            f"maximum_object_size = {LONGEST_LINE})"
        )
        with target.open("w", encoding="utf-8", newline="") as result:
            while batch := elements.fetchmany(10_000):
                result.writelines(f"{element}\n" for (element,) in batch)
    except duckdb.Error as error:
        raise UnreadableFile(f"it is a JSON array that cannot be read to its end ({first_sentence(str(error))})") from error
    return target


def _envelope(connection: duckdb.DuckDBPyConnection, text: Path, beginning: bytes) -> str | None:
    """The name of the list inside of one API answer, `{"items": […], "next": …}`; None where the file is none.

    Such an answer is a page of a hundred things or so; a file that is larger than any page is not one.
    """
    is_likely = re.match(rb"\s*\{", beginning) and any(f'"{name}"'.encode() in beginning for name in _ENVELOPES)
    if not is_likely or text.stat().st_size > LONGEST_LINE:
        return None
    content = text.read_text(encoding="utf-8-sig", errors="replace")
    names = [name for name in _ENVELOPES if _holds_objects(connection, content, name)]
    return names[0] if len(names) == 1 else None


def _holds_objects(connection: duckdb.DuckDBPyConnection, content: str, name: str) -> bool:
    """True where the content is one object, and what it says under ``name`` is a list of objects."""
    listed = f"json_extract($1, '$.{name}[*]')"
    ((is_list,),) = connection.execute(
        f"""
        select case when json_valid($1) then
            coalesce(json_type($1, '/{name}') = 'ARRAY', false)
            and coalesce(list_bool_and([json_type(element) = 'OBJECT' for element in {listed}]), true)
        else false end
        """,
        [content],
    ).fetchall()
    return bool(is_list)


def _unwrapped(connection: duckdb.DuckDBPyConnection, text: Path, name: str, target: Path) -> Path:
    content = text.read_text(encoding="utf-8-sig")
    elements = connection.execute(f"select unnest(json_extract($1, '$.{name}[*]'))::varchar", [content])
    target.write_text("".join(f"{element}\n" for (element,) in elements.fetchall()), encoding="utf-8", newline="")
    return target


def _is_clean(text: Path, facts: TextFacts) -> bool:
    is_text = facts.is_utf_8 and not facts.has_nul and facts.longest_line < LONGEST_LINE
    return is_text and not any(_NEVER_IN_JSON in chunk for chunk in chunks(text))


def _without_unreadable_lines(checked: CheckedFile, work: Path) -> CheckedFile:
    """Blank the lines that are no text, or too long."""
    target = checked.work_file(work, "lines")
    rejects: list[Reject] = []
    with checked.text.open("rb") as source, target.open("wb") as result:
        for number, line in enumerate(_limited_lines(source), 1):
            reason = _why_unreadable(line)
            # A blank line is no row, and keeps the numbers of those after it.
            result.write(line if reason is None else b"\n")
            if reason is not None:
                rejects.append(Reject(number, reason, as_told(line)))
    return replace(checked, text=target, facts=scan(target), rejects=tuple(rejects))


def _limited_lines(source: BinaryIO) -> Iterator[bytes]:
    """Physical lines; of one that is too long, its beginning."""
    while line := source.readline(LONGEST_LINE):
        yield line
        while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            line = source.readline(LONGEST_LINE)


def _why_unreadable(line: bytes) -> str | None:
    if len(line) == LONGEST_LINE:
        return f"it is longer than {LONGEST_LINE >> 20} MB (only its beginning is kept here)"
    if b"\0" in line or _NEVER_IN_JSON in line:
        return "it holds a NUL byte or another control character"
    return None if is_decodable(line, "utf-8") else "it is not UTF-8 text"


@contextmanager
def _room_for_lines(connection: duckdb.DuckDBPyConnection, longest: int) -> Iterator[int]:
    """Tell how long a line DuckDB must be ready for: room for long ones is taken by one thread only, since each takes its own."""
    if longest < _USUAL_LINE:
        yield _USUAL_LINE
        return
    with one_thread(connection):
        yield longest + 2


def _lines_of(text: Path, longest: int) -> str:
    # Each line arrives as it is.
    return (
        f"read_csv({sql_path(text)}, auto_detect = false, header = false, columns = {{'line': 'VARCHAR'}}, "
        f"delim = '\x01', quote = '', escape = '', compression = 'none', max_line_size = {longest}, hive_partitioning = false)"
    )


def _is_object(line: str) -> str:
    return f"coalesce(case when json_valid({line}) then json_type({line}) = 'OBJECT' end, false)"


def _is_row(line: str) -> str:
    """An object that says each thing once: of a key that is named twice, one value would be lost."""
    keys = f"json_keys({line})"
    return f"coalesce(case when {_is_object(line)} then len({keys}) = len(list_distinct({keys})) end, false)"


def _count_lines(text: Path) -> int:
    """Count the lines that hold anything, apart from DuckDB."""
    with text.open("rb") as stream:
        return sum(1 for line in stream if line.removeprefix(codecs.BOM_UTF8).strip())
