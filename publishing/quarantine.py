"""The rows that are not in the tables, and why: rejected lines and set-aside rows, told, and written for repair.

Belongs here: gathering them from quarantine and from the last build or release, and what became of each.
Does not belong here: deciding that a row is wrong (ingestion/, dbt_project/), the shape of a repair file (ingestion/repair.py).
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from funnelcast.errors import UsageError
from funnelcast.settings import Settings
from ingestion.forgotten_cells import BLANKED
from ingestion.readers import sql_name, sql_text, stored_name
from ingestion.repair import HELPERS, as_text, is_helper, is_repair, original, repairs
from ingestion.store import StoredFile, raw_rows, stored_files
from publishing.layout import DATABASE
from quality.verdict import UnreadableVerdictError, Verdict

State = Literal["outstanding", "repaired", "replaced"]
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Problem:
    """One row that is not in the tables. ``line``: `line 12` of the file, or `row 12` of the rows loaded from it."""

    system: str
    object: str
    file: str
    line: str
    found_in: str
    column: str | None
    reason: str
    value: str | None
    # repaired: a repair file brought it again; replaced: its file was delivered again under its name.
    state: State = "outstanding"


@dataclass(frozen=True)
class Quarantine:
    """All of them; ``told_by`` says whose set-aside rows these are: `release <run>`, `refused build <run>`, or None."""

    told_by: str | None
    problems: tuple[Problem, ...]

    def totals(self) -> list[dict[str, Any]]:
        """Counts by object and reason, most first."""
        counts: dict[tuple[str, str, str], Counter[str]] = {}
        for problem in self.problems:
            counts.setdefault((problem.system, problem.object, problem.reason), Counter())[problem.state] += 1
        rows = [
            {"system": system, "object": name, "reason": reason, **{state: count[state] for state in _STATES}}
            for (system, name, reason), count in counts.items()
        ]
        return sorted(rows, key=lambda row: (-row["outstanding"], row["system"], row["object"], row["reason"]))

    def outstanding(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.state == "outstanding"]

    def to_json(self, limit: int | None) -> dict[str, Any]:
        return {
            "told_by": self.told_by,
            "totals": self.totals(),
            "rows": [asdict(row) for row in self.outstanding()[:limit]],
        }


_STATES: tuple[State, ...] = ("outstanding", "repaired", "replaced")


def read_quarantine(settings: Settings) -> Quarantine:
    """Gather what is not in the tables. Works on an empty home."""
    stored = stored_files(settings.raw)[0]
    database, told_by = _database(settings)
    with duckdb.connect() as connection:
        found = [*_rejected(connection, stored, settings.quarantine), *_set_aside(connection, database)]
        repaired = {
            (repair.system, repair.object, repair.repairs_file, repair.repairs_line)
            for repair in repairs(connection, stored, settings.raw)
        }
    newest: dict[tuple[str, str, str, object], int] = {}
    for file in stored:
        key = (file.system, file.object, file.file, file.extracted_at)
        newest[key] = max(newest.get(key, 0), file.sequence)
    problems = [
        _with_state(problem, "replaced")
        if was_replaced(newest, file)
        else _with_state(problem, "repaired")
        if (problem.system, problem.object, problem.file, problem.line) in repaired
        else problem
        for problem, file in found
    ]
    return Quarantine(
        told_by, tuple(sorted(problems, key=lambda row: (row.system, row.object, row.file, _number(row.line))))
    )


def was_replaced(newest: dict[tuple[str, str, str, object], int], file: StoredFile | None) -> bool:
    """Whether a file was delivered again under its own name for its date."""
    return file is not None and newest[(file.system, file.object, file.file, file.extracted_at)] > file.sequence


def _with_state(problem: Problem, state: State) -> Problem:
    return Problem(**{**asdict(problem), "state": state})


def _number(line: str) -> int:
    return int(line.rpartition(" ")[2])


def _database(settings: Settings) -> tuple[Path | None, str | None]:
    """The database that tells of the last build: what is published, or the build that the gate refused since."""
    if settings.build_database.is_file():
        try:
            verdict = Verdict.read(settings.verdict_file)
            with duckdb.connect(str(settings.build_database), read_only=True) as connection:
                build_id = connection.execute("select build_id from config.run").fetchall()[0][0]
                connection.execute("select 1 from marts.ops_set_aside limit 1").fetchall()
            if verdict.status != "passed" and verdict.build_id == build_id:
                return settings.build_database, f"refused build {build_id}"
        except (UnreadableVerdictError, duckdb.Error, IndexError):
            # No verdict, half a build, or one that a run is writing: what is published tells.
            pass
    release = settings.published.resolve()
    return (release / DATABASE, f"release {release.name}") if (release / DATABASE).is_file() else (None, None)


def _rejected(
    connection: duckdb.DuckDBPyConnection, stored: Iterable[StoredFile], quarantine: Path
) -> Iterator[tuple[Problem, StoredFile | None]]:
    for file in stored:
        path = quarantine / file.stem.with_suffix(".parquet")
        if file.rows_quarantined and path.is_file():
            rows = connection.execute(
                f"select line, reason, text from read_parquet({sql_text(str(path))}, hive_partitioning = false) order by line"
            ).fetchall()
            for line, reason, text in rows:
                yield Problem(file.system, file.object, file.file, f"line {line}", "landing", None, reason, text), file


def _set_aside(connection: duckdb.DuckDBPyConnection, database: Path | None) -> Iterator[tuple[Problem, StoredFile | None]]:
    if database is None:
        return
    connection.execute(f"attach {sql_text(str(database))} as told (read_only)")
    rows = connection.execute(
        "select system, object, file, row_number, found_in, problem_column, problem, problem_value "
        "from told.marts.ops_set_aside where found_in <> 'landing' order by all"
    ).fetchall()
    for system, name, file, row, found_in, column, reason, value in rows:
        yield Problem(system, name, file, f"row {row}", found_in, column, reason, value), None


def export(settings: Settings, quarantine: Quarantine, target: Path) -> list[tuple[Path, int]]:
    """Write the outstanding rows for repair: one file (.csv or .jsonl) for one object, or a folder with a file per delivered file.

    Raises `UsageError` where one file was asked for and the rows are of several shapes.
    """
    groups = _by_file(settings, quarantine.outstanding())
    if target.suffix not in (".csv", ".jsonl"):
        if target.suffix:
            raise UsageError(f"--export {target}: expected a file ending in .csv or .jsonl, or a folder.")
        return [
            _write(target / stored.system / stored.object / f"{_stem(stored.file)}_repaired.csv", _header(stored), rows)
            for stored, rows in groups
        ]
    shapes = {(stored.system, stored.object, _header(stored)) for stored, _ in groups}
    if len(shapes) > 1:
        objects = ", ".join(sorted({f"{system}.{name}" for system, name, _ in shapes}))
        raise UsageError(
            f"--export {target}: the rows are of {objects} and have different columns; name a folder, or one object with --object."
        )
    header = next(iter(shapes))[2] if shapes else ()
    return [_write(target, header, [row for _, rows in groups for row in rows])]


def _by_file(settings: Settings, problems: Sequence[Problem]) -> list[tuple[StoredFile, list[dict[str, str | None]]]]:
    stored = {(file.system, file.object, file.file): file for file in stored_files(settings.raw)[0]}
    by_file: dict[StoredFile, list[Problem]] = {}
    for problem in problems:
        file = stored.get((problem.system, problem.object, problem.file))
        # A line of somebody forgotten is blank: there is nothing to repair.
        if file is not None and problem.value != BLANKED:
            by_file.setdefault(file, []).append(problem)
    with duckdb.connect() as connection:
        return [
            (file, _repairable(connection, file, found, settings.raw))
            for file, found in sorted(by_file.items(), key=lambda item: (item[0].system, item[0].object, item[0].file))
        ]


def _repairable(
    connection: duckdb.DuckDBPyConnection, file: StoredFile, problems: Sequence[Problem], raw: Path
) -> list[dict[str, str | None]]:
    """The rows with their cells; several problems of one row are one row."""
    header = _header(file)
    rows: dict[str, dict[str, str | None]] = {}
    for problem in problems:
        if problem.line in rows:
            rows[problem.line]["_reason"] = f"{rows[problem.line]['_reason']}; {_reason(problem)}"
            continue
        helpers = {"_reason": _reason(problem), "_file": file.file, "_line": problem.line}
        is_line = problem.found_in == "landing"
        rows[problem.line] = {
            **helpers,
            "_text": problem.value if is_line else None,
            **(_split(problem.value or "", header, file.format) if is_line else {}),
        }
    loaded = [_number(line) for line in rows if line.startswith("row ")]
    if loaded and header:
        cells = ", ".join(
            original(sql_name(stored_name(name))) if is_repair(file.columns) else sql_name(stored_name(name))
            for name in header
        )
        found = connection.execute(
            f"select _row, {cells} from {raw_rows([file], raw)} where list_contains(?, _row)", [loaded]
        ).fetchall()
        for number, *values in found:
            rows[f"row {number}"].update(dict(zip(header, values, strict=True)))
    return list(rows.values())


def _reason(problem: Problem) -> str:
    return f"{problem.column}: {problem.reason}" if problem.column else problem.reason


def _header(file: StoredFile) -> tuple[str, ...]:
    return tuple(column for column in file.columns if not (is_repair(file.columns) and is_helper(column)))


def _split(text: str, header: Sequence[str], kind: str) -> dict[str, str | None]:
    """The cells of a line that could not be read, where they are as many as the columns; else only its text is given.

    Cells that were guessed into columns would be delivered as they are by whoever is in a hurry.
    """
    if not kind.startswith("csv"):
        return {}
    for delimiter in _DELIMITERS:
        try:
            record = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
        except csv.Error:
            # An unclosed quote, a NUL byte: there are no cells.
            continue
        if len(record) == len(header):
            return dict(zip(header, record, strict=True))
    return {}


def _stem(file: str) -> str:
    name = file.rpartition("/")[2]
    for suffix in (".gz", ".zst"):
        name = name.removesuffix(suffix)
    return name.rpartition(".")[0] or name


def _write(target: Path, header: Sequence[str], rows: Sequence[dict[str, str | None]]) -> tuple[Path, int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = (*HELPERS, *header)
    with target.open("w", encoding="utf-8", newline="") as file:
        if target.suffix == ".jsonl":
            for row in rows:
                file.write(json.dumps({name: _json_cell(row.get(name)) for name in columns}, ensure_ascii=False) + "\n")
        else:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([as_text(row.get(name)) for name in columns] for row in rows)
    return target, len(rows)


def _json_cell(cell: str | None) -> str | None:
    return None if cell is None else as_text(cell)
