"""Write the descriptions of the models below the marts: `python dbt_project/describe_models.py`.

Belongs here: the first sentence of each model, which says what a row is, put where dbt's pages find it (`_<folder>__models.yml`).
Does not belong here: the marts, whose columns are described by hand.
"""

from __future__ import annotations

import ast
import json
from itertools import takewhile
from pathlib import Path

MODELS = Path(__file__).resolve().parent / "models"
LAYERS = ("staging", "canonical", "intermediate")
HEAD = "# Written by python dbt_project/describe_models.py, from the first sentence of each model: edit that.\nmodels:\n"


def descriptions() -> dict[Path, str]:
    """The text of each `_<folder>__models.yml` below the marts, by its path."""
    folders: dict[Path, list[Path]] = {}
    for layer in LAYERS:
        for model in sorted(path for path in (MODELS / layer).rglob("*.*") if path.suffix in (".sql", ".py")):
            folders.setdefault(model.parent, []).append(model)
    return {
        folder / f"_{folder.name}__models.yml": HEAD + "\n".join(map(_entry, models)) for folder, models in folders.items()
    }


def _entry(model: Path) -> str:
    # A string of JSON is one of YAML too.
    return f"  - name: {model.stem}\n    description: {json.dumps(first_sentence(model), ensure_ascii=False)}\n"


def first_sentence(model: Path) -> str:
    """What a row of the model is, in its own words: its comment's, or its docstring's, up to the first full stop."""
    text = model.read_text(encoding="utf-8")
    if model.suffix == ".py":
        words = ast.get_docstring(ast.parse(text)) or ""
    else:
        words = " ".join(
            line.removeprefix("--") for line in takewhile(lambda line: line.startswith("--"), text.splitlines())
        )
    sentence, stop, _ = " ".join(words.split()).partition(". ")
    return sentence + stop.strip()


def written() -> set[Path]:
    """The files that are there."""
    return {path for layer in LAYERS for path in (MODELS / layer).rglob("*__models.yml")}


if __name__ == "__main__":
    texts = descriptions()
    for gone in written() - set(texts):
        gone.unlink()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
