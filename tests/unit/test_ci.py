"""Assumption: CI runs what a person runs (`make test`), and `make test` and `make test-long` between them leave no test file out."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_ci_runs_what_a_person_runs() -> None:
    lines = (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line.removeprefix("exec ") for line in lines if re.match(r"(exec )?make ", line)] == ["make test"]


def test_the_two_halves_leave_nothing_out() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    chosen = re.findall(r"^\t\$\(BIN\)/pytest .*-m (\"not long\"|long)$", makefile, flags=re.MULTILINE)
    assert chosen == ['"not long"', "long"]
    assert not re.search(
        r"--ignore|--deselect|collect_ignore", makefile + (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    )


def test_every_file_of_tests_is_collected() -> None:
    """pytest collects `test_*.py`: a file of tests under another name would never run."""
    for path in (PROJECT / "tests").rglob("*.py"):
        has_tests = re.search(r"^(?:async )?def test_|^class Test", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not has_tests or path.name.startswith("test_"), path
