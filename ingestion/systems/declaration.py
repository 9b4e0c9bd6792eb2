"""The words in which a system is declared. Does not belong here: any system's own facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "time", "number"]
Delivery = Literal["full", "delta", "events"]


@dataclass(frozen=True)
class Column:
    """One declared column. ``kind`` says which of the config's declared formats applies before staging casts it."""

    name: str
    kind: Kind = "text"
    required: bool = False


@dataclass(frozen=True)
class ObjectDeclaration:
    """One object of a system: its columns, and how it is delivered unless the config says otherwise.

    full: the whole table each time, a row that is gone was deleted; delta: rows changed since last time;
    events: append only.
    """

    name: str
    delivery: Delivery
    columns: tuple[Column, ...]
    # A JSON object with an array under this name is a page of an API's list: its rows are the elements.
    items_under: str | None = None

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


@dataclass(frozen=True)
class SystemDeclaration:
    """A source system and the objects it delivers, by name."""

    name: str
    objects: dict[str, ObjectDeclaration]


def declare(
    name: str, delivery: Delivery, *, required: str, optional: str = "", items_under: str | None = None
) -> ObjectDeclaration:
    """Declare an object from two lists of columns; `:time` and `:number` behind a name give its kind."""
    return ObjectDeclaration(name, delivery, (*_columns(required, True), *_columns(optional, False)), items_under)


def system(name: str, objects: Iterable[ObjectDeclaration]) -> SystemDeclaration:
    """Gather the objects of a system."""
    return SystemDeclaration(name, {declared.name: declared for declared in objects})


def _columns(listing: str, required: bool) -> Iterable[Column]:
    for word in listing.split():
        name, _, kind = word.partition(":")
        match kind:
            case "":
                yield Column(name, "text", required)
            case "time" | "number":
                yield Column(name, "time" if kind == "time" else "number", required)
            case _:
                raise ValueError(f"{word}: expected a column name, `:time` or `:number`")
