"""The build database of one run: made anew, with the raw store, the sales process and the accounting as its sources.

Belongs here: the views and tables that dbt reads. Does not belong here: rules about rows (dbt staging).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from forecasting.tables import SCHEMA as FITTED
from forecasting.tables import TABLES
from funnelcast.errors import GateRefused, UsageError
from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from funnelcast.version import __version__
from ingestion.columns import match_columns, snake_case
from ingestion.land import FileOutcome, Landing
from ingestion.landing import DeliveredObject, delivered_objects
from ingestion.local_times import in_utc, is_doubtful
from ingestion.process_tables import extra_attributes, process_digest, process_tables, write_process_tables
from ingestion.readers import sql_name, sql_path, sql_text, stored_name
from ingestion.repair import is_helper, is_repair, original, repairs
from ingestion.rows import insert_rows
from ingestion.schema_drift import SchemaChange, schema_changes
from ingestion.store import StoredFile, raw_rows

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TELLS_AMOUNTS = ("opportunity", "opportunity_history", "stage_history")
_DECIMAL_MARKS = {"1,234.5": (",", "."), "1.234,5": (".", ","), "1 234,5": (" ", ",")}


@dataclass(frozen=True)
class BuildInfo:
    """What a run's build is made of. ``as_of_end`` is T: the first moment (UTC) after the as-of day at the company."""

    build_id: str
    as_of: date
    as_of_end: datetime
    files: int
    rows: int
    schema_changes: tuple[SchemaChange, ...] = ()


def make_build_database(settings: Settings, process: SalesProcess, landing: Landing, build_id: str) -> BuildInfo:
    """Make the build database anew from the raw store, as it was known at the end of the as-of day.

    Raises `GateRefused` if nothing was ever delivered, `UsageError` for an as-of outside what was delivered.
    """
    as_of = _as_of(settings, process, landing.stored)
    as_of_end = _end_of(as_of, ZoneInfo(process.company.timezone))
    known_then = [stored for stored in landing.stored if stored.extracted_on <= as_of]
    in_force = [found.stored for found in landing.outcomes if found.outcome == "loaded" and found.stored is not None]
    _remove(settings.build_database)
    write_process_tables(process, settings.raw / "config")
    with duckdb.connect(str(settings.build_database)) as connection:
        for schema in ("raw", "config", "accounting", FITTED):
            connection.execute(f"create schema {schema}")
        _make_run(connection, process, build_id, as_of, as_of_end)
        for name in process_tables():
            path = settings.raw / "config" / f"{name}.parquet"
            connection.execute(f"create table config.{sql_name(name)} as from read_parquet({sql_path(path)})")
        _make_accounting(connection, landing.outcomes, as_of, settings.quarantine, known_then)
        _make_repaired_rows(connection, known_then, settings.raw)
        _make_tables_to_fit(connection)
        changes: list[SchemaChange] = []
        for target in delivered_objects(process):
            own = [stored for stored in known_then if (stored.system, stored.object) == (target.system, target.name)]
            connection.execute(raw_view(target, own, process, settings.raw))
            _note_doubtful_times(connection, target, own, process, settings.raw)
            changes += schema_changes([stored for stored in own if stored in in_force], target)
        _make_schema_changes(connection, changes)
    rows = sum(stored.rows_loaded for stored in known_then)
    return BuildInfo(build_id, as_of, as_of_end, len(known_then), rows, tuple(changes))


def raw_view(target: DeliveredObject, files: Sequence[StoredFile], process: SalesProcess, raw: Path) -> str:
    """Write the SQL of one object's raw view: declared columns as text under their declared names, whatever was delivered.

    Dates and numbers in a format that the config declares come out in ISO; what does not fit it stays as it was
    delivered, for staging to set aside. Columns that are not declared, and those declared to be told aside, come as JSON in
    `_extra`, as delivered. A never delivered object has the same columns and no rows.
    """
    alike: dict[tuple[tuple[str, ...], bool], list[StoredFile]] = {}
    for stored in files:
        alike.setdefault((stored.columns, stored.is_numbered), []).append(stored)
    parts = [_header_part(target, header, group, process, raw) for (header, _), group in sorted(alike.items())]
    body = "\nunion all\n".join(parts) if parts else _no_rows(target)
    declared = ", ".join(f"delivered.{sql_name(column.name)}" for column in target.declaration.columns)
    return f"""
        create view raw.{sql_name(f"{target.system}__{target.name}")} as
        with delivered as ({body})
        select
            {declared}, _extra, {sql_text(target.system)} as _system, {sql_text(target.name)} as _object,
            delivered._file, delivered._row, coalesce(file.extracted_at, delivered._extracted_at) as _extracted_at,
            delivered._sequence,
            hash(row({", ".join(_content(target, process))})) as _content,
            {sql_text(target.delivery)} as _delivery,
            coalesce(file.outcome = 'superseded', false) as _is_superseded
        from delivered
        left join accounting.delivered_file as file
            on file.system = {sql_text(target.system)} and file.object = {sql_text(target.name)}
            and file.file = delivered._file and file.sequence = delivered._sequence
    """


def _header_part(
    target: DeliveredObject, header: tuple[str, ...], files: Sequence[StoredFile], process: SalesProcess, raw: Path
) -> str:
    """Select the declared columns from the files that share one header."""
    options = target.options
    mapping = {**_named_columns(target, process), **options.columns}
    match = match_columns(header, target.declaration, mapping, tuple(options.constants))
    columns = []
    for column in target.declaration.columns:
        if column.name in options.constants:
            value = sql_text(options.constants[column.name])
        elif column.name in match.matched:
            value = _as_declared(_delivered(header, match.matched[column.name]), column.kind, target, process)
        else:
            value = "null::varchar"
        columns.append(f"{value} as {sql_name(column.name)}")
    aside = {
        column.name: match.matched[column.name]
        for column in target.declaration.columns
        if column.is_told_aside and column.name in match.matched
    }
    return (
        f"select {', '.join(columns)}, {_extra(header, match.unknown, aside)} as _extra, _file, _row, _extracted_at, _sequence "
        f"from {raw_rows(files, raw)}"
    )


def _named_columns(target: DeliveredObject, process: SalesProcess) -> dict[str, str]:
    """The config names the delivered columns of segment, amount and team once, for every system."""
    named: dict[str, str] = {}
    if target.name == "opportunity" and process.segment_column:
        named["segment"] = process.segment_column
    if target.name in _TELLS_AMOUNTS and process.definitions.amount_column:
        # A history that does not hold the column does not track the amount: that of another column would be another amount.
        named["amount"] = process.definitions.amount_column
    if target.name == "user" and process.team_column:
        named["team"] = process.team_column
    return named


def _content(target: DeliveredObject, process: SalesProcess) -> list[str]:
    """What a row says, apart from blanks around it and its own id, which one system writes in two forms (15 and 18 characters)."""
    told = [f"delivered.{sql_name(column.name)}" for column in target.declaration.columns if column.name != "id"]
    return [f"nullif(trim({column}), '')" for column in told] + _named_extras(target, process)


def _named_extras(target: DeliveredObject, process: SalesProcess) -> list[str]:
    """Further columns that the config cuts the tables or scores by: a change of one is a change of the record."""
    names: tuple[str, ...] = ()
    if target.name == "opportunity":
        names = tuple(snake_case(name) for name in process.segments)
    elif target.name in ("lead", "account", "company"):
        names = extra_attributes(process)
    return [f"json_extract_string(_extra, {sql_text(f'$.{name}')})" for name in names]


def _as_declared(column: str, kind: str, target: DeliveredObject, process: SalesProcess) -> str:
    """SQL for a value in the words that staging reads: ISO dates, plain numbers, and times in UTC."""
    written = _in_iso(column, kind, target)
    timezone = _clock(target, process)
    return in_utc(f"({written})", timezone) if kind == "time" and timezone else written


def _clock(target: DeliveredObject, process: SalesProcess) -> str | None:
    """The timezone of an object's times without a zone, if the config declares one."""
    return process.company.timezone if target.options.timezone == "company" else target.options.timezone


def _note_doubtful_times(
    connection: duckdb.DuckDBPyConnection,
    target: DeliveredObject,
    files: Sequence[StoredFile],
    process: SalesProcess,
    raw: Path,
) -> None:
    """Say of a file how many of its times the clocks show twice or never, and so are read by the rule."""
    timezone = _clock(target, process)
    if timezone is None:
        return
    for stored in files:
        match = match_columns(stored.columns, target.declaration, target.options.columns, tuple(target.options.constants))
        times = [
            _in_iso(_delivered(stored.columns, match.matched[column.name]), "time", target)
            for column in target.declaration.columns
            if column.kind == "time" and column.name in match.matched
        ]
        doubtful = " + ".join(f"count(*) filter (where {is_doubtful(f'({value})', timezone)})" for value in times)
        ((count,),) = connection.execute(f"select {doubtful or '0'} from {raw_rows([stored], raw)}").fetchall()
        if count:
            connection.execute(
                "update accounting.delivered_file set reason = concat_ws('; ', reason, ?)"
                " where system = ? and object = ? and file = ? and sequence = ?",
                [_doubt(count, timezone), stored.system, stored.object, stored.file, stored.sequence],
            )


def _doubt(count: int, timezone: str) -> str:
    return (
        f"{count} of its times happen twice or never by the clocks of {timezone}: read as the second of the two, "
        "or as much later as the clock was set forward"
    )


def _in_iso(column: str, kind: str, target: DeliveredObject) -> str:
    options = target.options
    if kind == "time" and options.dates:
        has_time = any(directive in options.dates for directive in ("%H", "%I", "%X", "%c"))
        written = sql_text("%Y-%m-%d %H:%M:%S" if has_time else "%Y-%m-%d")
        return f"coalesce(strftime(try_strptime({column}, {sql_text(options.dates)}), {written}), {column})"
    if kind == "number" and options.numbers:
        thousands, mark = _DECIMAL_MARKS[options.numbers]
        escaped_mark = "[.]" if mark == "." else mark
        pattern = f"^-?[0-9]{{1,3}}([{thousands}]?[0-9]{{3}})*({escaped_mark}[0-9]+)?$"
        plain = f"replace(replace(trim({column}), {sql_text(thousands)}, ''), {sql_text(mark)}, '.')"
        fits = f"regexp_matches(trim({column}), {sql_text(pattern)})"
        # What does not fit may look like a number in another format: with a sign that no number has, staging sets it aside as it is.
        return f"case when {fits} then {plain} when trim({column}) <> '' then {column} || chr(31) end"
    return column


def _extra(header: Sequence[str], unknown: Sequence[str], aside: Mapping[str, str]) -> str:
    """What no published column holds: undeclared columns by their delivered names in snake case, declared ones by our name for them."""
    if is_repair(header):
        unknown = [name for name in unknown if not is_helper(name)]
    names: dict[str, str] = {}
    for name in unknown:
        names.setdefault(snake_case(name), name)
    for declared, name in aside.items():
        names.setdefault(snake_case(name) if declared in names else declared, name)
    if not names:
        return "null::varchar"
    fields = ", ".join(f"{sql_name(key)} := {_delivered(header, name)}" for key, name in names.items())
    return f"to_json(struct_pack({fields}))::varchar"


def _delivered(header: Sequence[str], name: str) -> str:
    column = sql_name(stored_name(name))
    return original(column) if is_repair(header) else column


def _no_rows(target: DeliveredObject) -> str:
    columns = ", ".join(f"null::varchar as {sql_name(column.name)}" for column in target.declaration.columns)
    return (
        f"select {columns}, null::varchar as _extra, null::varchar as _file, null::bigint as _row, "
        "null::timestamp as _extracted_at, null::bigint as _sequence where false"
    )


def _make_run(
    connection: duckdb.DuckDBPyConnection, process: SalesProcess, build_id: str, as_of: date, as_of_end: datetime
) -> None:
    connection.execute(
        """
        create table config.run (
            build_id varchar, as_of date, as_of_end timestamp, timezone varchar, currency varchar, company_name varchar,
            fiscal_year_start_month integer, first_day_of_week integer, sales_model varchar, process_digest varchar,
            rates_stand_for_days integer, software_version varchar)
        """
    )
    company = process.company
    connection.execute(
        "insert into config.run values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            build_id,
            as_of,
            as_of_end,
            company.timezone,
            company.currency,
            company.name,
            company.fiscal_year_start_month,
            _WEEKDAYS.index(company.week_starts_on) + 1,
            process.sales_model,
            process_digest(process),
            company.rates_stand_for_days,
            __version__,
        ],
    )


def _make_accounting(
    connection: duckdb.DuckDBPyConnection,
    outcomes: Iterable[FileOutcome],
    as_of: date,
    quarantine: Path,
    known_then: Sequence[StoredFile],
) -> None:
    connection.execute(
        """
        create table accounting.delivered_file (
            system varchar, object varchar, file varchar, extracted_at timestamp, extracted_on date, sha256 varchar, format varchar,
            outcome varchar, reason varchar, rows_delivered bigint, rows_loaded bigint, rows_quarantined bigint, sequence bigint)
        """
    )
    rows = [_accounting_row(found) for found in outcomes if found.stored is None or found.stored.extracted_on <= as_of]
    insert_rows(connection, "accounting.delivered_file", rows)
    quarantined = [
        path for path in (quarantine / stored.stem.with_suffix(".parquet") for stored in known_then) if path.is_file()
    ]
    if quarantined:
        paths = ", ".join(sql_text(str(path)) for path in quarantined)
        connection.execute(f"create table accounting.quarantined_row as from read_parquet([{paths}])")
    else:
        connection.execute(
            "create table accounting.quarantined_row (system varchar, object varchar, file varchar, extracted_at timestamp, "
            "line bigint, reason varchar, text varchar)"
        )


def _make_repaired_rows(connection: duckdb.DuckDBPyConnection, known_then: Sequence[StoredFile], raw: Path) -> None:
    """Which rows came again in a repair file: those that could not be read by their line, those that broke a rule by their row."""
    connection.execute(
        """
        create table accounting.repaired_row (
            system varchar, object varchar, file varchar, found_in varchar, row_number bigint)
        """
    )
    found_in = {"line": "landing", "row": "staging"}
    told = {
        (repair.system, repair.object, repair.repairs_file, found_in[kind], int(number))
        for repair in repairs(connection, known_then, raw)
        for kind, _, number in [repair.repairs_line.partition(" ")]
        # A helper column that somebody wrote over says nothing.
        if kind in found_in and number.isdecimal()
    }
    insert_rows(connection, "accounting.repaired_row", sorted(told))


def _make_tables_to_fit(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty until the forecast is fitted; dbt asks every source for its types."""
    for name, columns in TABLES.items():
        typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create table {FITTED}.{name} ({typed})")


def _make_schema_changes(connection: duckdb.DuckDBPyConnection, changes: Sequence[SchemaChange]) -> None:
    connection.execute(
        """
        create table accounting.schema_change (
            system varchar, object varchar, file varchar, extracted_on date, extracted_at timestamp, column_name varchar,
            change varchar, detail varchar, declared_as varchar, is_required boolean, is_newest boolean)
        """
    )
    insert_rows(connection, "accounting.schema_change", [astuple(change) for change in changes])


def _accounting_row(found: FileOutcome) -> tuple[object, ...]:
    stored = found.stored
    if stored is None:
        told = (found.extracted_at, found.extracted_on, None, None, found.outcome, found.reason)
        return (found.system, found.object, found.file, *told, *(None,) * 4)
    reason = found.reason or ("; ".join(stored.notes) or None)
    return (
        stored.system,
        stored.object,
        stored.file,
        stored.extracted_at,
        stored.extracted_on,
        stored.sha256,
        stored.format,
        found.outcome,
        reason,
        stored.rows_delivered,
        stored.rows_loaded,
        stored.rows_quarantined,
        stored.sequence,
    )


def _as_of(settings: Settings, process: SalesProcess, stored: Sequence[StoredFile]) -> date:
    if not stored:
        raise GateRefused(
            f"No extract was ever delivered: expected files such as {settings.landing}/generic/opportunity/opportunity_2026-11-22.csv."
        )
    oldest, newest = min(found.extracted_on for found in stored), max(found.extracted_on for found in stored)
    if settings.as_of is None:
        return newest
    if settings.as_of < oldest:
        raise UsageError(f"--as-of {settings.as_of} is before the first extract; expected {oldest} or later.")
    # The only look at the clock: a day that has not come yet cannot be told about.
    today = datetime.now(ZoneInfo(process.company.timezone)).date()
    if settings.as_of > max(newest, today):
        raise UsageError(f"--as-of {settings.as_of} is in the future; expected {max(newest, today)} or earlier.")
    return settings.as_of


def _end_of(day: date, timezone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), timezone).astimezone(UTC).replace(tzinfo=None)


def _remove(database: Path) -> None:
    """The build database belongs to one run; the last one's, whole or not, is of no use."""
    database.parent.mkdir(parents=True, exist_ok=True)
    for path in (database, database.with_name(database.name + ".wal")):
        path.unlink(missing_ok=True)
