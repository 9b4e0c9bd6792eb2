"""Assumption: every row of the table of faults has a test that names it, as `FAULTS 26` in its words or `fault_26` in its name.

Belongs here: the numbers, and finding them. Does not belong here: whether a test is any good.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
TABLE = TESTS.parents[1] / "shared" / "FAULTS.md"
ROWS = {str(number) for number in range(1, 56)} | {"32b", "42b"}

_NAMED = re.compile(r"\bFAULTS ((?:\d+b?(?:, | and | to )?)+)")
_IN_A_NAME = re.compile(r"def test_\w*?fault((?:_\d+b?)+)_")


def _rows_named_by_tests() -> set[str]:
    named: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            for words in _NAMED.findall(text):
                named |= _numbers(words)
            for words in _IN_A_NAME.findall(text):
                named |= set(words.strip("_").split("_"))
    return named


def _numbers(words: str) -> set[str]:
    """`12, 13 and 15 to 17` → 12, 13, 15, 16, 17."""
    found: set[str] = set()
    for part in re.split(r", | and ", words):
        first, _, last = part.strip().partition(" to ")
        if last:
            found |= {str(number) for number in range(int(first.rstrip("b")), int(last.rstrip("b")) + 1)}
        found |= {first, last} - {""}
    return found


def test_every_row_is_named_by_a_test() -> None:
    assert ROWS - _rows_named_by_tests() == set()


def test_no_test_names_a_row_that_does_not_exist() -> None:
    assert _rows_named_by_tests() - ROWS == set()


def test_the_rows_are_those_of_the_table() -> None:
    if not TABLE.is_file():
        pytest.skip(f"{TABLE} is not there")
    assert set(re.findall(r"^\| (\d+b?) \|", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)) == ROWS


def test_ranges_and_lists_are_read() -> None:
    assert _numbers("12, 13 and 30 to 32b") == {"12", "13", "30", "31", "32", "32b"}
