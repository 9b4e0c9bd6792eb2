"""Assumption: every check can be understood by the person it wakes, and shows ids, never people.

Also that the gate and the systems' declarations agree on which column identifies a row.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import quality.suites
from ingestion.systems import SYSTEMS
from quality import suites
from quality.build_database import DeliveredObject
from quality.checks import Check
from quality.redaction import without_addresses
from quality.rules import NotNull, UniqueTogether
from quality.thresholds import settle

EVERYTHING = tuple(
    DeliveredObject(system.name, declared.name) for system in SYSTEMS.values() for declared in system.objects.values()
)
GROUPS = suites.collect(settle(), EVERYTHING)
CHECKS = [check for group in GROUPS for check in group.checks]
# Columns of the build that hold people's data.
PEOPLE = {"name", "email", "owner_name", "rep_name", "manager_name", "scope_name", "title", "company", "problem_value"}


def test_every_file_of_checks_is_collected() -> None:
    files = {path.stem for path in Path(quality.suites.__file__).parent.glob("*.py")} - {"__init__"}
    assert {group.name for group in GROUPS} == files


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.name))
def test_a_check_says_what_holds_and_what_to_do(check: Check) -> None:
    assert re.fullmatch(r"[a-z0-9_]+", check.name)
    assert re.fullmatch(r"[A-Z].*\.", check.description)
    assert re.fullmatch(r"[A-Z`].*\.", check.advice)
    assert len(check.description) <= 120


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.name))
def test_a_check_shows_no_people(check: Check) -> None:
    assert not PEOPLE & set(check.keys)


@pytest.mark.parametrize("delivered", EVERYTHING, ids=lambda found: str(found.raw_view))
def test_the_id_that_the_gate_wants_of_a_row_is_a_required_column(delivered: DeliveredObject) -> None:
    check = next(check for check in CHECKS if check.table == delivered.raw_view)
    assert isinstance(check.rule, NotNull)
    assert check.rule.column in SYSTEMS[delivered.system].objects[delivered.object].required


def test_which_checks_there_are_follows_what_was_delivered_only_for_raw_views() -> None:
    without = {check.name for group in suites.collect(settle(), ()) for check in group.checks}
    assert {check.table.split(".")[0] for check in CHECKS if check.name not in without} == {"raw"}


def test_a_check_without_a_schema_or_keys_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match=r"expected schema\.table"):
        Check("a", "fct_opportunity", NotNull("x"), "A.", "B.", ("x",))
    with pytest.raises(ValueError, match="expected the key columns"):
        Check("a", "marts.fct_opportunity", UniqueTogether(("x",)), "A.", "B.", ())


def test_addresses_are_hidden_from_examples_and_errors() -> None:
    found = without_addresses("lead <ann.o'hara@example.co.uk>, b@c.d / 17")
    assert found == "lead <(an address)>, (an address) / 17"
