"""The words in which a system is declared. Does not belong here: any system's own facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "time", "number"]
Delivery = Literal["full", "delta", "events"]


@dataclass(frozen=True)
class Column:
    """One declared column. ``kind`` says which of the config's declared formats applies before staging casts it.

    ``aliases`` are what the same tool calls it elsewhere: in its own exports, in its API. The first that was delivered counts.
    ``is_told_aside``: no published table has a column for it; it is told in `extra`, beside the columns that nothing declares.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    aliases: tuple[str, ...] = ()
    is_told_aside: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it may be delivered under, our own first."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class ObjectDeclaration:
    """One object of a system: its columns, and how it is delivered unless the config says otherwise.

    full: the whole table each time, a row that is gone was deleted; delta: rows changed since last time;
    events: append only.
    """

    name: str
    delivery: Delivery
    columns: tuple[Column, ...]

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


@dataclass(frozen=True)
class SystemDeclaration:
    """A source system and the objects it delivers, by name."""

    name: str
    objects: dict[str, ObjectDeclaration]


def declare(name: str, delivery: Delivery, *, required: str, optional: str = "") -> ObjectDeclaration:
    """Declare an object from two lists of columns: `name`, `name:time` or `name:number`; further names behind bars, `id|record_id`.

    A plus sign at the end says that no published table has a column for it, and that it is told in `extra`.
    """
    return ObjectDeclaration(name, delivery, (*_columns(required, True), *_columns(optional, False)))


def system(name: str, objects: Iterable[ObjectDeclaration]) -> SystemDeclaration:
    """Gather the objects of a system."""
    return SystemDeclaration(name, {declared.name: declared for declared in objects})


def _columns(listing: str, required: bool) -> Iterable[Column]:
    for word in listing.split():
        names, _, kind = word.removesuffix("+").partition(":")
        is_told_aside = word.endswith("+")
        name, *aliases = names.split("|")
        match kind:
            case "":
                yield Column(name, "text", required, tuple(aliases), is_told_aside)
            case "time" | "number":
                yield Column(name, "time" if kind == "time" else "number", required, tuple(aliases), is_told_aside)
            case _:
                raise ValueError(f"{word}: expected a column name, `:time` or `:number`")
