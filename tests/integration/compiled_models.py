"""The dbt project's models as plain SQL: compiled once by dbt, then executed by DuckDB alone, about a second per build.

Belongs here: what property tests need to build many small companies: landing, the build database, and the models that a test asks for,
in the order of their dependencies. Does not belong here: the gate, publishing and Dagster (nights.py runs those), or any expectation.

What is left out of dbt's own build: enforced contracts (which cast and check, and change no value), comments, and data tests. The forecast
is fitted where the models that read it need it, as a night does it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from nights import PATIENCE, PROJECT, clean_environment

from forecasting.steps import STEPS, Step
from forecasting.tables import SCHEMA
from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from ingestion.build_database import make_build_database
from ingestion.land import Landing, land
from orchestration.fits import fill
from quality.digests import table_digest

_DBT = Path(sys.executable).with_name("dbt")
_DBT_PROJECT = PROJECT / "dbt_project"
# Compiled SQL names its tables with the database that dbt was told of; DuckDB names a database after its file.
_DATABASE = "build"


@dataclass(frozen=True)
class Model:
    """One model: where its table belongs, its compiled SQL, and the models it reads; or a fit, which makes tables of its own."""

    name: str
    schema: str
    # A model that is part of its readers' queries has no table of its own.
    is_ephemeral: bool
    sql: str
    reads: tuple[str, ...]
    fit: Step | None = None


@dataclass(frozen=True)
class CompiledProject:
    """Every model of the dbt project by name."""

    models: dict[str, Model]

    def in_order(self, wanted: Iterable[str]) -> list[Model]:
        """The wanted models and all that they are made of, each after what it reads."""
        ordered: dict[str, Model] = {}

        def visit(name: str) -> None:
            if name in ordered:
                return
            model = self.models[name]
            for read in model.reads:
                visit(read)
            ordered[name] = model

        for name in wanted:
            visit(name)
        return list(ordered.values())

    def marts(self) -> list[str]:
        """The published tables that describe the company, not the run."""
        return [
            model.name
            for model in sorted(self.models.values(), key=lambda found: found.name)
            if model.schema == "marts" and not model.name.startswith("ops_")
        ]


def compiled_project(systems: tuple[str, ...] = ("generic",)) -> CompiledProject:
    """Compile the project as it is now for a company that uses these systems; once per process."""
    return _compiled(systems)


@cache
def _compiled(systems: tuple[str, ...]) -> CompiledProject:
    with TemporaryDirectory() as folder:
        ended = subprocess.run(
            [
                str(_DBT), "--quiet", "--no-use-colors", "compile", "--no-introspect", "--no-populate-cache",
                "--project-dir", str(_DBT_PROJECT), "--profiles-dir", str(_DBT_PROJECT),
                "--vars", json.dumps({"systems": list(systems)}),
            ],
            cwd=folder,
            env={
                **clean_environment(),
                "FUNNELCAST_BUILD_DATABASE": str(Path(folder) / f"{_DATABASE}.duckdb"),
                "DBT_TARGET_PATH": str(Path(folder) / "target"),
                "DBT_LOG_PATH": str(Path(folder) / "logs"),
                "DO_NOT_TRACK": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        if ended.returncode != 0:
            raise RuntimeError(f"dbt could not compile the project:\n{ended.stdout}")
        manifest = json.loads((Path(folder) / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    models = [_model(node, nodes) for node in nodes.values()] + [_fit(step) for step in STEPS]
    return CompiledProject({model.name: model for model in models})


@contextmanager
def built(
    settings: Settings,
    models: Sequence[str],
    process: SalesProcess | None = None,
    systems: tuple[str, ...] = ("generic",),
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Landing]]:
    """Land what is new, make the build database, and build the models in it; nothing of it is kept but the raw store.

    A night without its gate: what lands, lands for good, and the next call finds it, as the next night would.
    """
    process = process or SalesProcess()
    settings.build.mkdir(parents=True, exist_ok=True)
    landing = land(settings, process)
    make_build_database(settings, process, landing, "compiled models")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.build_database}' as {_DATABASE}")
        connection.execute(f"use {_DATABASE}")
        connection.execute("set timezone = 'UTC'")
        # In one transaction that is never ended: on a few rows, making tables durable would be most of the time.
        connection.begin()
        for schema in ("staging", "canonical", "intermediate", "marts"):
            connection.execute(f"create schema if not exists {schema}")
        project = compiled_project(systems)
        for model in project.in_order(models):
            if model.is_ephemeral:
                continue
            if model.fit is not None:
                fill(model.fit, connection)
            else:
                connection.execute(f"create table {model.schema}.{model.name} as ({model.sql}\n)")
        yield connection, landing
        connection.rollback()


def digests(connection: duckdb.DuckDBPyConnection, marts: Iterable[str]) -> dict[str, str]:
    """The digest of each mart, as the certificate would state it (but for types that only the contract sets)."""
    return {name: table_digest(connection, "marts", name) for name in marts}


def _model(node: dict[str, Any], nodes: dict[str, Any]) -> Model:
    reads = node["depends_on"]["nodes"]
    return Model(
        node["name"],
        node["schema"],
        node["config"]["materialized"] == "ephemeral",
        node["compiled_code"],
        (
            *(nodes[key]["name"] for key in reads if key in nodes),
            *(_name(step) for step in STEPS if any(f"source.funnelcast.{SCHEMA}.{table}" in reads for table in step.makes)),
        ),
    )


def _fit(step: Step) -> Model:
    reads = (name.split(".")[1] for name in step.reads if name.startswith("intermediate."))
    return Model(_name(step), SCHEMA, False, "", tuple(reads), step)


def _name(step: Step) -> str:
    return f"{SCHEMA}.{step.name}"
