"""Assumption: what README and docs/ name exists: commands, tables, files, make targets; and what exists and is for users is named in README.

Broken by: renaming or removing something without its words. Does not belong here: whether the words are true of what the thing does.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from typer.main import get_command

from command.cli import app

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
MODELS = PROJECT / "dbt_project" / "models"
# What a decision or a changelog names may be gone since.
DOCS = [
    README,
    *(PROJECT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md")),
    *sorted((PROJECT / "docs").glob("*.md")),
]
PAGES = [path for path in DOCS if path.name != "decisions.md"]
# Folders and files that a run makes, or that are a user's own.
MADE = re.compile(
    r"^(data|raw|published|releases|build|landing|my_company|quarantine|logs|dagster|dbt|landing_cache|config/\w+$|~|/)"
)
CODE = re.compile(r"`([^`\n]+)`")


def _named(page: Path) -> list[str]:
    return CODE.findall(re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))


def _models() -> set[str]:
    return {path.stem for path in MODELS.rglob("*.sql")} | {path.stem for path in MODELS.rglob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists(page: Path) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"\bfunnelcast ([a-z]+)\b(?=[^`\n]*`)", page.read_text(encoding="utf-8"))) <= commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_table_exists(page: Path) -> None:
    tables = {
        name for word in _named(page) for name in re.findall(r"\b(?:dim|fct|rpt|ops|int|stg|map|canonical)_\w+\b", word)
    }
    # Written by publishing, from the run's own records.
    published = {"ops_run", "ops_check"}
    assert not {
        table for table in tables if table not in _models() | published and "<" not in table and not table.endswith("_")
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_exists(page: Path) -> None:
    for word in _named(page):
        if not re.fullmatch(r"[\w./-]+\.(?:py|md|sql|yml|toml|lock|txt)", word) or MADE.match(word) or "/" not in word:
            continue
        places = [
            PROJECT / word,
            page.parent / word,
            PROJECT / "dbt_project" / word,
            MODELS / word,
            *PROJECT.glob(f"*/{word}"),
        ]
        assert any(place.exists() for place in places), f"{page.name} names {word}, which is not there"
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {target for word in _named(page) for target in re.findall(r"^make ([a-z-]+)$", word)}
    assert named <= targets


def test_every_published_table_stands_in_readmes_table() -> None:
    listed = {
        name
        for line in README.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
        for name in CODE.findall(line)
    }
    marts = {path.stem for path in (MODELS / "marts").rglob("*.sql")}
    assert not {mart for mart in marts if not mart.startswith("ops_")} - listed


def test_the_index_of_decisions_is_made_of_them() -> None:
    folder = PROJECT / "docs" / "decisions"
    spec = importlib.util.spec_from_file_location("make_index", folder / "make_index.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (PROJECT / "docs" / "decisions.md").read_text(encoding="utf-8") == module.index(), (
        "run python docs/decisions/make_index.py"
    )
    for path in folder.glob("*.md"):
        followed = re.search(r"^Status: superseded by (\S+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert followed is None or (folder / followed[1]).is_file()
