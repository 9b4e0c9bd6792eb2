"""What an Excel workbook says in its own XML, apart from the library that reads it: is it whole, how large, which cells failed.

Belongs here: the zip, its limits, and facts about cells. Does not belong here: values (excel.py).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from ingestion.readers.results import UnreadableFile
from ingestion.readers.text import CHUNK
from ingestion.readers.unpacking import largest_allowed, too_large

# A sheet is read into memory as the rectangle that holds all of its cells; hand-kept ones hold thousands.
_MOST_CELLS = 5_000_000
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(frozen=True)
class SheetFacts:
    """One sheet: the rows (from 1) that hold anything, and the cells whose formula gave no value, by row: (cell, what it shows)."""

    rows: frozenset[int]
    failed: dict[int, list[tuple[str, str]]]


def demand_whole_workbook(path: Path) -> None:
    """Read every part of the workbook to its end, where its checksum is. Raises `UnreadableFile`."""
    with path.open("rb") as stream:
        if stream.read(4) == _OLD_OR_LOCKED:
            raise UnreadableFile("it is locked by a password, or an old .xls; expected an .xlsx that anybody can open")
    limit = largest_allowed(path.stat().st_size)
    unpacked = 0
    try:
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                with parts.open(name) as part:
                    while piece := part.read(CHUNK):
                        unpacked += len(piece)
                        if unpacked > limit:
                            raise too_large(limit)
                        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
                            raise UnreadableFile("its XML declares entities, which no workbook needs")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(f"it is not a whole Excel workbook ({error})") from error


def sheet_facts(path: Path, sheet: str) -> SheetFacts:
    """Look at the cells of one sheet. Raises `UnreadableFile` where there are too many, or they cannot be read."""
    try:
        with zipfile.ZipFile(path) as parts:
            blank = _blank_texts(parts)
            with parts.open(_part_of(parts, sheet)) as part:
                return _facts(part, blank)
    except (KeyError, ElementTree.ParseError, ValueError) as error:
        raise UnreadableFile(f"it is not a whole Excel workbook ({error})") from error


def _facts(part: IO[bytes], blank: frozenset[int]) -> SheetFacts:
    rows: set[int] = set()
    failed: dict[int, list[tuple[str, str]]] = {}
    widest = row = column = 0
    for event, element in ElementTree.iterparse(part, ("start", "end")):
        tag = _local(element.tag)
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r") or row + 1), 0
            continue
        if tag == "row":
            element.clear()
        if tag != "c":
            continue
        column = _column(element.get("r")) or column + 1
        widest = max(widest, column)
        if widest * row > _MOST_CELLS:
            raise UnreadableFile(
                f"its cells reach to row {row:,} and column {column:,}, farther than a hand-kept sheet goes"
            )
        shown = _shown(element, blank)
        failure = _failure(element, shown)
        if shown or failure:
            rows.add(row)
        if failure:
            failed.setdefault(row, []).append((f"{_letters(column)}{row}", failure))
    return SheetFacts(frozenset(rows), failed)


def _shown(cell: ElementTree.Element, blank: frozenset[int]) -> str:
    """What the cell holds, as far as it matters whether it holds anything; a text is told by its number."""
    kind = cell.get("t")
    value = _child(cell, "v")
    text = (value.text or "") if value is not None else ""
    if kind == "s":
        return "" if not text or int(text) in blank else text
    if kind == "inlineStr":
        text = "".join("".join(part.itertext()) for part in cell if _local(part.tag) == "is")
    return text.strip()


def _failure(cell: ElementTree.Element, shown: str) -> str | None:
    if cell.get("t") == "e":
        return f"the formula error {shown or 'without a name'}"
    # A formula that gives an empty text says so (t="str"); one that nobody has calculated yet says nothing at all.
    is_calculated = shown or cell.get("t") == "str"
    return "a formula that was never calculated" if _child(cell, "f") is not None and not is_calculated else None


def _blank_texts(parts: zipfile.ZipFile) -> frozenset[int]:
    """The numbers of shared texts that are nothing but spaces."""
    name = next((name for name in parts.namelist() if name.casefold() == "xl/sharedstrings.xml"), None)
    if name is None:
        return frozenset()
    with parts.open(name) as part:
        texts = (element for _, element in ElementTree.iterparse(part) if _local(element.tag) == "si")
        return frozenset(number for number, text in enumerate(texts) if not "".join(text.itertext()).strip())


def _part_of(parts: zipfile.ZipFile, sheet: str) -> str:
    with parts.open("xl/workbook.xml") as part:
        listed = {element.get("name"): element for element in _elements(part, "sheet")}
    related = next(value for name, value in listed[sheet].attrib.items() if _local(name) == "id")
    with parts.open("xl/_rels/workbook.xml.rels") as part:
        targets = {element.get("Id"): element.get("Target") or "" for element in _elements(part, "Relationship")}
    return posixpath.normpath(posixpath.join("/xl", targets[related])).lstrip("/")


def _elements(part: IO[bytes], tag: str) -> Iterator[ElementTree.Element]:
    return (element for _, element in ElementTree.iterparse(part) if _local(element.tag) == tag)


def _child(cell: ElementTree.Element, tag: str) -> ElementTree.Element | None:
    return next((part for part in cell if _local(part.tag) == tag), None)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _column(reference: str | None) -> int:
    match = _REFERENCE.fullmatch(reference or "")
    number = 0
    for letter in match[1] if match else "":
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _letters(column: int) -> str:
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
