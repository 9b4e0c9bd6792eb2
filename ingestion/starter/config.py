"""The starter sales process that `funnelcast init` writes: what was found, what is proposed and why, and what a person must say.

Belongs here: stages, their order and phase, and the text of the file. Does not belong here: recognising files (recognition.py).
Every proposal carries its reason as a comment; what cannot be known is asked in a comment and not guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from ingestion.columns import match_columns, snake_case
from ingestion.readers import sql_name, sql_text, stored_name
from ingestion.starter.recognition import RecognisedObject, Recognition, date_formats, missing_objects, values

_WON = re.compile(r"\bwon\b|\bwin\b|gewonnen|gagn|signed|ganad|\bsold\b", re.IGNORECASE)
_LOST = re.compile(
    r"\blost\b|\bloss\b|verloren|perdu|perdid|disqualif|abandon|cancel|rejected|dead\b|no decision", re.IGNORECASE
)
_PHASES = (
    ("closing", re.compile(r"propos|quote|negoti|contract|commit|verbal|legal|procure|decision|closing|offer|angebot", re.IGNORECASE)),
    ("engagement", re.compile(r"demo|engag|present|evaluat|trial|poc|pilot|solution|needs|value|workshop", re.IGNORECASE)),
    ("qualification", re.compile(r"qualif|meeting|contacted|appointment|assess", re.IGNORECASE)),
    ("prospecting", re.compile(r"prospect|lead|new|open|inbox|discover|identif|target", re.IGNORECASE)),
)  # fmt: skip
_PHASE_ORDER = ("prospecting", "qualification", "engagement", "closing", "won", "lost")
# A delivered value can hold line ends and other signs that would end a comment, or that YAML does not take.
_NOT_PRINTED = re.compile("[^ -~\u00a1-\u1fff\u2030-\ud7ff\uf900-\ufffd\U00010000-\U0010ffff]+")
_PROBABILITY = {"prospecting": 0.1, "qualification": 0.25, "engagement": 0.5, "closing": 0.8, "won": 1.0, "lost": 0.0}
# What each kind of extract makes known.
_UNLOCKS = {
    "opportunity|deal": "everything: without deals nothing can be published",
    "stage_history|opportunity_history|opportunity_field_history|deal_stage": "stages before the first extract",
    "user|owner": "names and teams of reps (dim_rep, scope team)",
    "lead": "leads by source and motion (dim_lead)",
    "account|company": "accounts (dim_account)",
    "activity|task|event|engagement": "calls and meetings (fct_activity_daily)",
    "email_event": "e-mails sent, opened, replied (fct_activity_daily)",
    "product|product2|opportunity_line|opportunity_line_item|line_item": "products of deals (the segment `product`)",
    "target|forecasting_quota": "targets and quotas",
}  # fmt: skip


@dataclass(frozen=True)
class ProposedStage:
    """One stage of a proposed pipeline, and why it stands where it does."""

    label: str
    key: str
    phase: str
    probability: float
    reason: str


@dataclass(frozen=True)
class _Seen:
    """A stage's label in the data. ``place`` orders the open ones; ``won``: True, False, or None where it is open or not known."""

    label: str
    deals: int
    place: float | None
    place_reason: str
    won: bool | None
    closed_reason: str | None
    probability: float | None


def starter_config(found: Recognition, connection: duckdb.DuckDBPyConnection, landing: Path) -> str:
    """The text of `sales_process.yml`."""
    deals = next((one for one in found.objects if one.name in ("opportunity", "deal")), None)
    lines = [
        "# The sales process, as far as the extracts show it. Written by `funnelcast init`: read it, mend what is wrong, then",
        "#   funnelcast run --config <this file>",
        "# Every guess says so. config/sales_process.yml of Funnelcast's checkout shows every setting with comments.",
        "",
        f"run: {{landing: {_quoted(str(landing))}}}",
        "",
        *_company(found, connection, deals),
        *_pipelines(found, connection, deals),
        *_motions(found, connection),
        *_segments(found, connection, deals),
        *_objects(found, connection),
        *_missing(found),
    ]
    return "\n".join(_NOT_PRINTED.sub(" ", line) for line in lines) + "\n"


def _company(found: Recognition, connection: duckdb.DuckDBPyConnection, deals: RecognisedObject | None) -> Iterator[str]:
    yield "company:"
    yield "  # A guess: no extract says it. Days, weeks and months are those of this timezone, such as America/New_York."
    yield "  timezone: UTC"
    column = deals.delivered("currency" if deals.system == "generic" else "currency_iso_code") if deals else None
    currencies = values(connection, found.tables[deals.label], column) if deals and column else []
    if len(currencies) == 1 and re.fullmatch(r"[A-Z]{3}", currencies[0]):
        yield f"  # The only currency of the deals ({column})."
        yield f"  currency: {currencies[0]}"
    elif currencies:
        yield f"  # Deals are in {', '.join(currencies[:8])}: say in which one to report, and deliver generic/fx_rate."
        yield "  # currency: USD"
    else:
        yield "  # Not known: no extract names a currency. Say it, so that amounts carry one."
        yield "  # currency: USD"
    yield "  # Guesses: the calendar year, weeks from Monday."
    yield "  fiscal_year_start_month: 1"
    yield "  week_starts_on: monday"
    yield ""


def _pipelines(found: Recognition, connection: duckdb.DuckDBPyConnection, deals: RecognisedObject | None) -> Iterator[str]:
    if deals is None:
        yield "# No extract of deals was recognised, so no stages are proposed."
        yield ""
        return
    if deals.system == "hubspot":
        yield "# Pipelines and stages come from the CRM's own tables (deal_pipeline, deal_pipeline_stage)."
        yield ""
        return
    stage = deals.delivered("stage" if deals.system == "generic" else "stage_name")
    pipeline = deals.delivered("pipeline") if deals.system == "generic" else None
    if stage is None:
        return
    table = found.tables[deals.label]
    names = values(connection, table, pipeline) if pipeline else []
    blank = pipeline is not None and _has_blank(connection, table, pipeline)
    several = len(names) > 1
    yield "# Stages in the order in which deals pass through them; won and lost come last. `phase` makes pipelines comparable."
    yield "# `probability` feeds only the static weighted forecast."
    yield "pipelines:"
    for name in [*(names if several else []), *([None] if blank or not several else [])]:
        condition = (
            "true"
            if not several
            else (
                f"trim({_column(pipeline or '')}) = ?"
                if name is not None
                else f"coalesce(trim({_column(pipeline or '')}), '') = ''"
            )
        )
        seen = _stages_seen(found, connection, deals, stage, condition, [name] if name is not None else [])
        key = _key(name or "default", set())
        yield f"  - key: {key if name is None or key != 'default' else 'default_pipeline'}"
        if name is not None:
            yield f"    labels: [{_quoted(name)}]"
        if not _places(found, connection)[0]:
            yield "    # No history of stages was found: a deal is taken to begin in the first stage, unless it is said here."
            yield "    # entry_stage: the_key_of_a_stage"
        yield "    stages:"
        stages = propose_stages(seen)
        for proposed in stages:
            yield (
                f"      - {{label: {_quoted(proposed.label)}, key: {proposed.key}, phase: {proposed.phase}, "
                f"probability: {proposed.probability:g}}} # {proposed.reason}"
            )
        yield from _retired(found, connection, seen, stages)
    yield ""


def propose_stages(seen: Sequence[_Seen]) -> list[ProposedStage]:
    """Stages in order, won and lost last; at least one open, one won and one lost, as every pipeline needs them."""
    open_ones: list[_Seen] = []
    won: list[_Seen] = []
    lost: list[_Seen] = []
    for found in seen:
        is_won = found.won is True or (found.won is None and found.closed_reason is None and bool(_WON.search(found.label)))
        is_lost = found.won is False or (found.won is None and bool(_LOST.search(found.label)) and not is_won)
        (won if is_won else lost if is_lost else open_ones).append(found)
    known = [found for found in open_ones if found.place is not None]
    if len(known) < len(open_ones):
        # No order is known of some: by what their words say.
        ordered = sorted(
            open_ones, key=lambda one: (_PHASE_ORDER.index(_phase_by_word(one.label) or "qualification"), one.label)
        )
        order_reason = "order by the words"
    else:
        ordered = sorted(open_ones, key=lambda one: (one.place or 0.0, one.label))
        order_reason = ""
    used: set[str] = set()
    stages = []
    for place, found in enumerate(ordered):
        phase = _phase_by_word(found.label)
        by_place = _PHASE_ORDER[min(place * 4 // max(len(ordered), 1), 3)]
        why = "phase by its word" if phase else "phase by its place: a guess"
        stages.append(
            _stage(found, phase or by_place, f"{found.deals:,} deals; {order_reason or found.place_reason}; {why}", used)
        )
    if not ordered:
        stages.append(
            ProposedStage("Open", _key("open", used), "prospecting", 0.1, "no open stage was seen: say what it is called")
        )
    for group, phase in ((won, "won"), (lost, "lost")):
        for found in sorted(group, key=lambda one: one.label):
            stages.append(
                _stage(found, phase, f"{found.deals:,} deals; {found.closed_reason or 'by its word: a guess'}", used)
            )
        if not group:
            label = phase.capitalize()
            stages.append(
                ProposedStage(
                    label, _key(phase, used), phase, _PROBABILITY[phase], f"no {phase} deal was seen: say what it is called"
                )
            )
    return stages


def _stage(found: _Seen, phase: str, reason: str, used: set[str]) -> ProposedStage:
    key = _key(phase if phase in ("won", "lost") and phase not in used else found.label, used)
    probability = (
        found.probability if found.probability is not None and phase not in ("won", "lost") else _PROBABILITY[phase]
    )
    return ProposedStage(found.label, key, phase, round(probability, 2), reason)


def _stages_seen(
    found: Recognition,
    connection: duckdb.DuckDBPyConnection,
    deals: RecognisedObject,
    stage: str,
    condition: str,
    parameters: Sequence[str],
) -> list[_Seen]:
    """The labels of a pipeline: from the CRM's own table of stages where there is one, and from the deals."""
    table, column = found.tables[deals.label], f"trim({_column(stage)})"
    counted = dict(
        connection.execute(
            f"select {column}, count(distinct {_column(deals.columns[0] if (key := _id_column(deals)) is None else key)}) "
            f"from {table} where {column} <> '' and {condition} group by 1 order by 1",
            list(parameters),
        ).fetchall()
    )
    own = dict(_own_stages(found, connection, deals.system).items())
    places, why = _places(found, connection)
    flags = _flags(connection, deals, table, column)
    labels = list(dict.fromkeys([*own, *counted]))
    result = []
    for label in labels:
        if label in own:
            seen = own[label]
            result.append(
                _Seen(
                    label,
                    counted.get(label, 0),
                    seen.place,
                    seen.place_reason,
                    seen.won,
                    seen.closed_reason,
                    seen.probability,
                )
            )
        else:
            won, reason = flags.get(label, (None, None))
            result.append(_Seen(label, counted[label], places.get(label), why, won, reason, None))
    return result


def _own_stages(found: Recognition, connection: duckdb.DuckDBPyConnection, system: str) -> dict[str, _Seen]:
    """Salesforce's OpportunityStage: it knows the order, the terminal stages and the default probabilities."""
    table = found.tables.get(f"{system}.opportunity_stage")
    declared = next((one for one in found.objects if one.label == f"{system}.opportunity_stage"), None)
    if table is None or declared is None:
        return {}
    names = [
        declared.delivered(name)
        for name in ("master_label", "sort_order", "is_closed", "is_won", "default_probability", "is_active")
    ]
    cells = ", ".join(f"trim({_column(name)})" if name else "null" for name in names)
    seen: dict[str, _Seen] = {}
    for label, order, closed, won, probability, active in connection.execute(
        f"select distinct {cells} from {table}"
    ).fetchall():
        if not label or str(active or "true").lower() in ("false", "0"):
            continue
        is_closed = str(closed or "").lower() in ("true", "1")
        is_won = str(won or "").lower() in ("true", "1") if is_closed else None
        place = float(order) if order and re.fullmatch(r"-?\d+(\.\d+)?", order) else None
        chance = float(probability) / 100 if probability and re.fullmatch(r"\d+(\.\d+)?", probability) else None
        reason = "the CRM's own stage table"
        seen[label] = _Seen(
            label, 0, place, reason, is_won, reason if is_closed else None, chance if chance is None or chance <= 1 else None
        )
    return seen


def _flags(
    connection: duckdb.DuckDBPyConnection, deals: RecognisedObject, table: str, column: str
) -> dict[str, tuple[bool | None, str | None]]:
    """Whether a stage is won or lost, where the deals themselves say so."""
    closed, won = deals.delivered("is_closed"), deals.delivered("is_won")
    if closed is None or won is None:
        return {}
    rows = connection.execute(
        f"select {column}, avg(case when lower({_column(closed)}) in ('true', '1') then 1 else 0 end), "
        f"avg(case when lower({_column(won)}) in ('true', '1') then 1 else 0 end) from {table} where {column} <> '' group by 1"
    ).fetchall()
    return {label: (won > 0.5, "by the deals' is_closed and is_won") for label, closed, won in rows if closed > 0.5}


def _places(found: Recognition, connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, float], str]:
    """Where a stage stands on average in the histories of deals: 0 the first stage of a deal, 1 its last."""
    for one in found.objects:
        names = {
            "stage_history": ("opportunity_id", "stage", "entered_at"),
            "opportunity_history": ("opportunity_id", "stage_name", "created_date"),
        }
        if one.name not in names:
            continue
        deal, stage, moment = (one.delivered(name) for name in names[one.name])
        if deal is None or stage is None or moment is None:
            continue
        # As text, the first of October comes before the second of September.
        read = f"try_strptime(trim({_column(moment)}), {sql_text(one.dates)})" if one.dates else _column(moment)
        rows = connection.execute(
            f"""
            with told as (select {_column(deal)} as deal, trim({_column(stage)}) as stage, min({read}) as moment
                from {found.tables[one.label]} where trim({_column(stage)}) <> '' group by 1, 2),
            placed as (select stage, percent_rank() over (partition by deal order by moment) as place,
                count(*) over (partition by deal) as stages from told)
            select stage, avg(place) from placed where stages > 1 group by 1
            """
        ).fetchall()
        return {stage: float(place) for stage, place in rows}, f"order by the histories in {one.label}"
    return {}, ""


def _retired(
    found: Recognition, connection: duckdb.DuckDBPyConnection, seen: Sequence[_Seen], stages: Sequence[ProposedStage]
) -> Iterator[str]:
    """Labels that only history names: the stage of today in which those deals were next, or the nearest in order."""
    places, _ = _places(found, connection)
    labels = {stage.label.casefold() for stage in stages}
    old = sorted(label for label in places if label.casefold() not in labels)
    open_ones = [stage for stage in stages if stage.phase not in ("won", "lost")]
    if old:
        yield "    # Only history names these; the stage of today with the nearest place in it is a guess."
        yield "    retired:"
    for label in old:
        nearest = min(open_ones, key=lambda stage: abs(places.get(stage.label, 2.0) - places[label]))
        yield f"      - {{label: {_quoted(label)}, key: {nearest.key}}}"


def _motions(found: Recognition, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    sources: dict[str, int] = {}
    for one in found.objects:
        column = (
            one.delivered("source") or one.delivered("lead_source") if one.name in ("lead", "opportunity", "deal") else None
        )
        if column:
            name = f"trim({_column(column)})"
            rows = connection.execute(
                f"select {name}, count(*) from {found.tables[one.label]} where {name} <> '' group by 1"
            ).fetchall()
            for source, count in rows:
                sources[source] = sources.get(source, 0) + count
    if sources:
        yield "# Which lead sources are inbound, outbound or product_led? Only you know. Found, with their rows:"
        for source, count in sorted(sources.items(), key=lambda item: (-item[1], item[0]))[:40]:
            yield f"#   {_quoted(source)}: {count:,}"
        yield "motions: {} # {inbound: [Website], outbound: [Cold call], product_led: [Free trial]}"
        yield ""


def _segments(found: Recognition, connection: duckdb.DuckDBPyConnection, deals: RecognisedObject | None) -> Iterator[str]:
    if deals is None:
        return
    unknown = match_columns(deals.columns, deals.declaration, deals.mapping).unknown
    candidates = []
    for column in unknown:
        seen = values(connection, found.tables[deals.label], column)
        # A date has a format, or needs none; of text, no format is one.
        are_dates = date_formats(seen) != []
        if 2 <= len(seen) <= 12 and not are_dates and not all(re.fullmatch(r"[-\d.,:TZ]+", value) for value in seen):
            candidates.append((column, seen))
    if candidates:
        yield "# Columns of the deals with few values: name one or more to cut the tables by them."
        for column, seen in candidates:
            yield f"#   {_quoted(column)}: {', '.join(seen)}"
        yield f"segments: [] # [{_quoted(candidates[0][0])}]"
        yield ""


def _objects(found: Recognition, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield "# What was found, and where it differs from what its system usually delivers."
    needs = [one for one in found.objects if _options(one, None)]
    dated = _newest_date(found, connection)
    if any(not one.has_dates_in_names for one in found.objects):
        yield f"# Some names carry no date. A guess: the extracts are of {dated}, the newest date in them."
        yield "# From the next extract on, put its date into the name."
    yield "objects:" if needs else "objects: {}"
    for one in found.objects:
        counts = connection.execute(f"select count(*) from {found.tables[one.label]}").fetchall()[0][0]
        known = match_columns(one.columns, one.declaration, one.mapping)
        left = f"; not used: {', '.join(known.unknown)}" if known.unknown else ""
        yield f"  # {one.label}: {counts:,} rows in {len(one.files):,} files, {len(known.matched):,} columns known{left}"
        for question in one.questions:
            yield f"  # TO SAY: {question}"
        options = _options(one, dated)
        if options:
            yield f"  {one.label}: {{{options}}}"
    for name, reason in found.left_over:
        yield f"  # Not used: {name}: {reason}"
    yield ""


def _options(one: RecognisedObject, dated: date | None) -> str:
    parts = []
    if one.pattern is not None:
        parts.append(f"files: {_quoted(one.pattern)}")
    if not one.has_dates_in_names:
        parts.append(f"extracted_on: {dated}")
    if one.dates:
        parts.append(f"dates: {_quoted(one.dates)}")
    if one.numbers:
        parts.append(f"numbers: {_quoted(one.numbers)}")
    if one.mapping:
        parts.append("columns: {" + ", ".join(f"{ours}: {_quoted(theirs)}" for ours, theirs in one.mapping.items()) + "}")
    return ", ".join(parts)


def _newest_date(found: Recognition, connection: duckdb.DuckDBPyConnection) -> date:
    """The newest date of something that has happened: an extract is no older than that."""
    from datetime import UTC, datetime

    today = datetime.now(UTC).date()
    newest: list[date] = []
    for one in found.objects:
        for column in one.declaration.columns:
            # What is expected lies in the future.
            if column.kind != "time" or column.name in ("expected_close_on", "close_date", "period_start", "start_date"):
                continue
            delivered = one.delivered(column.name)
            for value in values(connection, found.tables[one.label], delivered) if delivered else []:
                try:
                    read = datetime.strptime(value, one.dates).date() if one.dates else date.fromisoformat(value[:10])  # noqa: DTZ007
                except ValueError:
                    # One of the few that are written in another way.
                    continue
                if read <= today:
                    newest.append(read)
    return max(newest, default=today)


def _missing(found: Recognition) -> Iterator[str]:
    missing = missing_objects(found.objects, _UNLOCKS)
    if missing:
        yield "# Not found, and what each would make known:"
    for kinds, what in missing:
        yield f"#   {kinds.replace('|', ' or ')}: {what}"


def _id_column(deals: RecognisedObject) -> str | None:
    return deals.delivered("opportunity_id" if deals.system == "generic" else "id")


def _has_blank(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    rows = connection.execute(f"select count(*) from {table} where coalesce(trim({_column(column)}), '') = ''").fetchall()
    return bool(rows[0][0])


def _phase_by_word(label: str) -> str | None:
    return next((phase for phase, words in _PHASES if words.search(label)), None)


def _key(label: str, used: set[str]) -> str:
    import unicodedata

    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    key = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", snake_case(plain))).strip("_")
    key = key if re.match(r"[a-z]", key) else f"stage_{key}".rstrip("_")
    unique, number = key, 2
    while unique in used:
        unique, number = f"{key}_{number}", number + 1
    used.add(unique)
    return unique


def _column(delivered: str) -> str:
    return sql_name(stored_name(delivered))


def _quoted(text: str) -> str:
    """A YAML scalar that says exactly this, whatever is in it: JSON's strings are YAML's."""
    return (
        text
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ]*[A-Za-z0-9_]", text) and text.lower() not in _YAML_WORDS
        else json.dumps(text, ensure_ascii=False)
    )


_YAML_WORDS = ("true", "false", "yes", "no", "on", "off", "null")
