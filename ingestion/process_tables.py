"""The sales process as rows: what the config says, as Parquet tables beside raw that dbt joins like any other source.

Belongs here: the shape of the config's tables. Does not belong here: validation (funnelcast/sales_process.py).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from funnelcast.sales_process import TERMINAL_PHASES, SalesProcess
from ingestion.columns import snake_case
from ingestion.mail_domains import NAME_SUFFIXES, SHARED_DOMAINS
from ingestion.readers import sql_name, sql_text

# Names that need no config: the canonical phases are themselves valid stages, of any pipeline.
CANONICAL_STAGES: tuple[tuple[str, int, float], ...] = (
    ("prospecting", 1, 0.10),
    ("qualification", 2, 0.25),
    ("engagement", 3, 0.50),
    ("closing", 4, 0.80),
    ("won", 5, 1.0),
    ("lost", 6, 0.0),
)

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
    "segment_column": "segment_dimension varchar, column_name varchar",
}


def write_process_tables(process: SalesProcess, folder: Path) -> None:
    """Write one Parquet file per table of the sales process into ``folder`` (raw/config)."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = _rows(process)
    with duckdb.connect() as connection:
        for name, columns in _TABLES.items():
            connection.execute(f"create table {sql_name(name)} ({columns})")
            if rows[name]:
                marks = ", ".join("?" for _ in rows[name][0])
                connection.executemany(f"insert into {sql_name(name)} values ({marks})", rows[name])
            target = folder / f"{name}.parquet"
            unfinished = target.with_suffix(".tmp")
            connection.execute(f"copy {sql_name(name)} to {sql_text(str(unfinished))} (format parquet, compression zstd)")
            unfinished.replace(target)


def process_digest(process: SalesProcess) -> str:
    """Digest the whole sales process, so that a certificate can say which one was in force."""
    return hashlib.sha256(process.model_dump_json().encode("utf-8")).hexdigest()


def process_tables() -> list[str]:
    """Name the tables that `write_process_tables` writes."""
    return list(_TABLES)


def _rows(process: SalesProcess) -> dict[str, list[tuple[object, ...]]]:
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
    }


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
