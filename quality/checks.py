"""What a check is: a rule of one table, how grave breaking it is, and the words for who is woken by it.

Belongs here: the declaration of a check and of a group of them.
Does not belong here: the checks themselves (suites/), the kinds of rule (rules.py), results (verdict.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quality.rules import Rule

Severity = Literal["refuse", "warn"]


@dataclass(frozen=True)
class Check:
    """One rule of one table."""

    # A sentence in snake_case, unique over all suites: what holds when the check is green.
    name: str
    # Schema and table in the build database, as `marts.fct_opportunity`.
    table: str
    rule: Rule
    # Understood by someone in sales operations, who knows deals and stages but no SQL.
    description: str
    # What to do next when it is red.
    advice: str
    # The columns of the offending rows that identify them: ids, days, stages; never names of people or
    # addresses.
    keys: tuple[str, ...]
    severity: Severity = "refuse"

    def __post_init__(self) -> None:
        if self.table.count(".") != 1:
            raise ValueError(f"check {self.name}: expected schema.table, found {self.table!r}")
        if self.rule.offenders is not None and not self.keys:
            raise ValueError(f"check {self.name}: expected the key columns that identify an offending row")


@dataclass(frozen=True)
class Group:
    """The checks of one file in suites/; one Great Expectations checkpoint."""

    name: str
    checks: tuple[Check, ...]

    def tables(self) -> tuple[str, ...]:
        """The tables this group looks at, in the order of their first check; one suite each."""
        return tuple(dict.fromkeys(check.table for check in self.checks))
