"""Which delivered column is which declared one, and what a file looks like when it does not fit.

Belongs here: matching names. Does not belong here: values.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingestion.systems import SYSTEMS, ObjectDeclaration

_PREFIX = "property"


@dataclass(frozen=True)
class ColumnMatch:
    """``matched``: declared name → delivered name; the rest of the delivered, and the required that are missing."""

    matched: dict[str, str]
    unknown: tuple[str, ...]
    missing_required: tuple[str, ...]


def squash(name: str) -> str:
    """Reduce a column name to what matters: no case, spaces, underscores or `property_` prefix."""
    letters = re.sub(r"[\W_]", "", name.casefold())
    # A name of nothing but signs is only like itself.
    return (letters.removeprefix(_PREFIX) or letters) or name.strip()


def snake_case(name: str) -> str:
    """Write a delivered name the way our columns are written: `LossReason`, `Loss Reason` → `loss_reason`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"\W+", "_", spaced.casefold())


def match_columns(
    delivered: Sequence[str], declaration: ObjectDeclaration, mapping: Mapping[str, str], given: Sequence[str] = ()
) -> ColumnMatch:
    """Match delivered columns by name; ``mapping`` (declared → delivered, from the config) goes first.

    ``given`` are declared columns that need no delivered one, because the config gives their value.
    """
    by_squash = {squash(name): name for name in reversed(delivered)}
    # A delivered column that the config maps to one of ours does not also match another of ours by its own name.
    spoken_for = {squash(name) for name in mapping.values()}
    matched: dict[str, str] = {}
    for column in declaration.columns:
        if column.name in given:
            continue
        if column.name in mapping:
            wanted = [squash(mapping[column.name])]
        else:
            wanted = [name for name in map(squash, column.names) if name not in spoken_for]
        found = next((by_squash[name] for name in wanted if name in by_squash), None)
        if found is not None:
            matched[column.name] = found
    used = set(matched.values())
    return ColumnMatch(
        matched,
        tuple(name for name in delivered if name not in used),
        tuple(name for name in declaration.required if name not in matched and name not in given),
    )


def repeated_columns(delivered: Sequence[str]) -> list[str]:
    """Name the columns that a header holds twice, whatever their case."""
    folded = [name.casefold() for name in delivered]
    return sorted({name for name in delivered if folded.count(name.casefold()) > 1})


def closest(name: str, delivered: Sequence[str]) -> list[str]:
    """The delivered names most like ``name``, for a person who looks for a typing error."""
    by_squash = {squash(candidate): candidate for candidate in delivered}
    return [by_squash[key] for key in difflib.get_close_matches(squash(name), list(by_squash), n=3, cutoff=0.5)]


def looks_like(delivered: Sequence[str], declaration: ObjectDeclaration, system: str) -> str | None:
    """Name the object that the columns fit clearly better than ``declaration``; None if it is the best fit itself.

    Clearly better: it misses none it requires, and recognises all that this one does and more, or at least three more where
    this one finds less than half of its columns. (A warehouse's history of deals has all the columns of deals, and its own.)
    """
    own = set(match_columns(delivered, declaration, {}).matched.values())
    best: tuple[int, str] | None = None
    for other_system in SYSTEMS.values():
        for other in other_system.objects.values():
            if other_system.name == system and other.name == declaration.name:
                continue
            match = match_columns(delivered, other, {})
            recognised = set(match.matched.values())
            is_strange_here = len(own) * 2 < len(declaration.columns)
            is_better = own < recognised or (is_strange_here and len(recognised) >= len(own) + 3)
            if is_better and not match.missing_required and (best is None or len(recognised) > best[0]):
                best = (len(recognised), f"{other_system.name}.{other.name}")
    return best[1] if best else None
