"""The sales process as rows: what the config says, as Parquet tables beside raw that dbt joins like any other source.

Belongs here: the shape of the config's tables. Does not belong here: validation (funnelcast/sales_process.py).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from funnelcast.sales_process import (
    COMPANY_ATTRIBUTES,
    LIST_OPERATORS,
    PERSON_ATTRIBUTES,
    REPLAYS,
    TERMINAL_PHASES,
    Credit,
    Forecast,
    SalesProcess,
    Score,
)
from funnelcast.whole_files import written_whole
from ingestion.columns import snake_case
from ingestion.mail_domains import NAME_SUFFIXES, SHARED_DOMAINS
from ingestion.readers import sql_name, sql_text
from ingestion.rows import insert_rows

# Names that need no config: the canonical phases are themselves valid stages, of any pipeline.
CANONICAL_STAGES: tuple[tuple[str, int, float], ...] = (
    ("prospecting", 1, 0.10),
    ("qualification", 2, 0.25),
    ("engagement", 3, 0.50),
    ("closing", 4, 0.80),
    ("won", 5, 1.0),
    ("lost", 6, 0.0),
)

# The attributes that leads and accounts have columns for; a rule on another one reads the delivered column of that name.
BUILT_IN = (*COMPANY_ATTRIBUTES, *PERSON_ATTRIBUTES)

_TABLES: dict[str, str] = {
    "pipeline_label": "pipeline varchar, label varchar",
    "stage": (
        "pipeline varchar, label varchar, stage varchar, stage_order integer, phase varchar, default_probability double, "
        "is_retired_label boolean, is_entry boolean"
    ),
    "canonical_stage": "label varchar, stage varchar, stage_order integer, phase varchar, default_probability double, is_entry boolean",
    "motion": "source varchar, motion varchar",
    "shared_domain": "domain varchar",
    "name_suffix": "suffix varchar",
    "segment_column": "scope varchar, column_name varchar",
    "definition": (
        "slipped varchar, closed_amount varchar, amount_column varchar, past_periods varchar, velocity_opportunities varchar,"
        " closed_on varchar"
    ),
    "forecast": (
        "moving_average_periods integer, warn_below_probability double, trusted_replays integer, trusted_error double, "
        "trusted_interval double, ramp_months integer"
    ),
    "forecast_scope": "scope varchar",
    "forecast_method": "method varchar",
    "forecast_replay": "period_type varchar, periods integer",
    "created_from_stage": "pipeline varchar, stage varchar",
    "role": "label varchar, role varchar",
    "handover": "pipeline varchar, stage varchar, from_role varchar, to_role varchar",
    "credit": "part varchar, part_order integer, weight decimal(9, 6)",
    "score_attribute": "attribute varchar",
    "score_rule": (
        "score varchar, rule_number integer, attribute varchar, operator varchar, listed varchar, "
        "low double, high double, points integer"
    ),
    "score_tier": "score varchar, tier varchar, tier_order integer, minimum integer",
}


def write_process_tables(process: SalesProcess, folder: Path) -> None:
    """Write one Parquet file per table of the sales process into ``folder`` (raw/config)."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = _rows(process)
    with duckdb.connect() as connection:
        for name, columns in _TABLES.items():
            connection.execute(f"create table {sql_name(name)} ({columns})")
            insert_rows(connection, sql_name(name), rows[name])
            with written_whole(folder / f"{name}.parquet") as unfinished:
                connection.execute(
                    f"copy {sql_name(name)} to {sql_text(str(unfinished))} (format parquet, compression zstd)"
                )


def process_digest(process: SalesProcess) -> str:
    """Digest the whole sales process, so that a certificate can say which one was in force."""
    return hashlib.sha256(process.model_dump_json().encode("utf-8")).hexdigest()


def process_tables() -> list[str]:
    """Name the tables that `write_process_tables` writes."""
    return list(_TABLES)


def _rows(process: SalesProcess) -> dict[str, list[tuple[object, ...]]]:
    defined = process.definitions
    return {
        "pipeline_label": [
            (pipeline.key, label) for pipeline in process.pipelines for label in (pipeline.labels or (None,))
        ],
        "stage": _stage_rows(process),
        "canonical_stage": [
            (name, name, order, name, probability, order == 1) for name, order, probability in CANONICAL_STAGES
        ],
        "motion": [(source, motion) for motion, sources in process.motions.items() for source in sources],
        "shared_domain": [
            (domain,) for domain in sorted({*SHARED_DOMAINS, *(name.casefold() for name in process.matching.shared_domains)})
        ],
        "name_suffix": [(suffix,) for suffix in NAME_SUFFIXES],
        "segment_column": [(snake_case(name), snake_case(name)) for name in process.segments],
        "definition": [
            (
                defined.slipped,
                defined.closed_amount,
                defined.amount_column,
                defined.past_periods,
                defined.velocity_opportunities,
                defined.closed_on,
            )
        ],
        "forecast": [_forecast_row(process.forecast)],
        "forecast_scope": [("company",), *((scope,) for scope in process.forecast.scopes)],
        "forecast_method": [(method,) for method in process.forecast.methods],
        "forecast_replay": [(_period_type(process, period), process.forecast.replays_of(period)) for period in REPLAYS],
        "created_from_stage": list(defined.created_from_stage.items()),
        "role": [(label, role) for role, labels in process.roles.items() for label in labels],
        "handover": [(each.pipeline, each.stage, each.giver, each.taker) for each in process.handovers],
        "credit": _credit_rows(process.credit),
        "score_attribute": [(attribute,) for attribute in extra_attributes(process)],
        "score_rule": _rule_rows(process),
        "score_tier": [
            (name, tier.key, order, tier.minimum)
            for name, score in _scores(process)
            for order, tier in enumerate(score.tiers, 1)
        ],
    }


def _period_type(process: SalesProcess, period: str) -> str:
    """What the tables call a kind of period that is forecast: a fiscal year that begins in January is the calendar's."""
    is_fiscal = period in ("quarter", "year") and process.company.fiscal_year_start_month != 1
    return f"fiscal_{period}" if is_fiscal else period


def _forecast_row(forecast: Forecast) -> tuple[object, ...]:
    return (
        forecast.moving_average_periods,
        forecast.warn_below_probability,
        forecast.trusted_replays,
        forecast.trusted_error,
        forecast.trusted_interval,
        forecast.ramp_months,
    )


def extra_attributes(process: SalesProcess) -> tuple[str, ...]:
    """The delivered columns that rules ask for and that are not among the declared ones, in order."""
    asked = {rule.attribute for _, score in _scores(process) for rule in score.rules}
    return tuple(sorted(asked - set(BUILT_IN)))


def _scores(process: SalesProcess) -> tuple[tuple[str, Score], ...]:
    return (("fit", process.ideal_customer), ("qualification", process.qualification))


def _rule_rows(process: SalesProcess) -> list[tuple[object, ...]]:
    """One row per rule, and of a list per value in it. Text is compared in lower case."""
    rows: list[tuple[object, ...]] = []
    for name, score in _scores(process):
        for number, rule in enumerate(score.rules, 1):
            start = (name, number, rule.attribute, rule.operator)
            if rule.operator in LIST_OPERATORS:
                rows += [(*start, str(value).lower(), None, None, rule.points) for value in rule.values]
            else:
                low, high = rule.values if rule.operator == "between" else (rule.value, rule.value)
                rows.append(
                    (
                        *start,
                        None,
                        None if rule.operator == "at_most" else low,
                        None if rule.operator == "at_least" else high,
                        rule.points,
                    )
                )
    return rows


def _credit_rows(credit: Credit) -> list[tuple[object, ...]]:
    return [("sourced", 1, credit.sourced), ("worked", 2, credit.worked), ("closed", 3, credit.closed)]


def _stage_rows(process: SalesProcess) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for pipeline in process.pipelines:
        by_key = {stage.key: (order, stage) for order, stage in enumerate(pipeline.stages, 1)}
        open_keys = [stage.key for stage in pipeline.stages if stage.phase not in TERMINAL_PHASES]
        entry = pipeline.entry_stage or open_keys[0]
        labelled = [(stage.label, stage.key, False) for stage in pipeline.stages]
        labelled += [(retired.label, retired.key, True) for retired in pipeline.retired]
        for label, key, is_retired in labelled:
            order, stage = by_key[key]
            rows.append((pipeline.key, label, key, order, stage.phase, stage.probability, is_retired, key == entry))
    return rows
