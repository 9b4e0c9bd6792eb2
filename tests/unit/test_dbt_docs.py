"""Assumption: dbt's pages say of every model what it is, whose it is, and what reads the published tables.

Belongs here: what is derived from the models, their folders and the readers' code. Does not belong here: the words of the marts'
columns (test_dbt_project.py).
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
DBT_PROJECT = PROJECT / "dbt_project"
MODELS = DBT_PROJECT / "models"
MARTS = {path.stem for path in (MODELS / "marts").rglob("*.sql")}


def _describing() -> ModuleType:
    spec = importlib.util.spec_from_file_location("describe_models", DBT_PROJECT / "describe_models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_model_below_the_marts_is_described_by_its_first_sentence() -> None:
    describing = _describing()
    there = {path: path.read_text(encoding="utf-8") for path in describing.written()}
    assert there == describing.descriptions(), "run python dbt_project/describe_models.py"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("one.sql", "-- One row per deal: its\n-- owner. More of it.\nwith deal as (", "One row per deal: its owner."),
        ("two.sql", "-- One row per deal.\n{% set x = 1 %}\n-- Not this.\n", "One row per deal."),
        ("three.py", '"""One row per deal,\nas known.\n\nBelongs here: it."""\n', "One row per deal, as known."),
    ],
)
def test_the_first_sentence_is_that_of_the_model(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert _describing().first_sentence(tmp_path / name) == sentence


def test_every_folder_has_an_owner() -> None:
    owners = {group["name"] for group in _yaml(MODELS / "_groups.yml")["groups"]}
    layers = _yaml(DBT_PROJECT / "dbt_project.yml")["models"]["funnelcast"]
    named = {name: layer["+group"] for name, layer in layers.items()}
    assert set(named) == {path.name for path in MODELS.iterdir() if path.is_dir()}
    folders = {
        f"{name}/{folder}": options["+group"]
        for name, layer in layers.items()
        for folder, options in layer.items()
        if isinstance(options, dict) and "+group" in options
    }
    assert {*named.values(), *folders.values()} == owners
    assert [folder for folder in folders if not (MODELS / folder).is_dir()] == []


EXPOSURES = {exposure["name"]: exposure for exposure in _yaml(MODELS / "_exposures.yml")["exposures"]}


def _readers(exposure: dict[str, Any]) -> list[str]:
    readers: list[str] = exposure.get("config", {}).get("meta", {}).get("read_by", [])
    return readers


@pytest.mark.parametrize("exposure", EXPOSURES.values(), ids=list(EXPOSURES))
def test_an_exposure_names_the_tables_that_are_read(exposure: dict[str, Any]) -> None:
    text = "\n".join((PROJECT / name).read_text(encoding="utf-8") for name in _readers(exposure))
    read = set(re.findall(r"\b(?:dim|fct|rpt|ops)_\w+", text)) & MARTS if text else MARTS
    assert exposure["depends_on"] == [f"ref('{name}')" for name in sorted(read)]


def test_every_module_that_asks_published_tables_is_exposed() -> None:
    asking = {
        path.relative_to(PROJECT).as_posix()
        for folder in ("publishing", "command", "erasure", "funnelcast")
        for path in (PROJECT / folder).rglob("*.py")
        if set(re.findall(r"\b(?:from|join) (?:[a-z]+\.)*((?:dim|fct|rpt|ops)_\w+)", path.read_text(encoding="utf-8")))
        & MARTS
    }
    # Its docstring shows what BI tools write.
    assert asking - {"publishing/layout.py"} <= {name for exposure in EXPOSURES.values() for name in _readers(exposure)}
