"""The kinds of rule a check can state: each names the Great Expectations expectation it becomes, and selects
its offenders.

Belongs here: rules as data, and the SQL that shows which rows break one. Nothing here imports Great
Expectations (it takes seconds), so that checks can be declared, listed and tested without it.
Does not belong here: what is checked of which table (suites/), or running it (validation.py).

In `offenders`, `{batch}` stands for the table under check.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ingestion.readers.sql import sql_name, sql_text

Value = str | int | float | date


class Rule(Protocol):
    """What a check asks of its table."""

    @property
    def expectation(self) -> str:
        """The class in `great_expectations.expectations`."""

    @property
    def arguments(self) -> dict[str, object]:
        """What that class is made with."""

    @property
    def offenders(self) -> str | None:
        """SQL selecting the rows that break the rule; None where the rule is about the table as a whole."""


@dataclass(frozen=True)
class NotNull:
    """A column is filled in, in at least this share of the rows."""

    column: str
    share: float = 1.0
    expectation = "ExpectColumnValuesToNotBeNull"

    @property
    def arguments(self) -> dict[str, object]:
        return {"column": self.column, "mostly": self.share}

    @property
    def offenders(self) -> str:
        return f"select * from {{batch}} where {identifier(self.column)} is null"


@dataclass(frozen=True)
class UniqueTogether:
    """No two rows agree in all of these columns."""

    columns: tuple[str, ...]

    @property
    def expectation(self) -> str:
        return "ExpectColumnValuesToBeUnique" if len(self.columns) == 1 else "ExpectCompoundColumnsToBeUnique"

    @property
    def arguments(self) -> dict[str, object]:
        if len(self.columns) == 1:
            return {"column": self.columns[0]}
        return {"column_list": list(self.columns)}

    @property
    def offenders(self) -> str:
        key = ", ".join(identifier(column) for column in self.columns)
        return f"select * from {{batch}} qualify count(*) over (partition by {key}) > 1"


@dataclass(frozen=True)
class InSet:
    """A column, where filled in, holds one of these values."""

    column: str
    values: tuple[Value, ...]
    expectation = "ExpectColumnValuesToBeInSet"

    @property
    def arguments(self) -> dict[str, object]:
        return {"column": self.column, "value_set": list(self.values)}

    @property
    def offenders(self) -> str:
        values = ", ".join(literal(value) for value in self.values)
        return f"select * from {{batch}} where {identifier(self.column)} not in ({values})"


@dataclass(frozen=True)
class Between:
    """A column, where filled in, lies within these bounds (both included; None: unbounded)."""

    column: str
    minimum: float | None = None
    maximum: float | None = None
    expectation = "ExpectColumnValuesToBeBetween"

    @property
    def arguments(self) -> dict[str, object]:
        return {"column": self.column, "min_value": self.minimum, "max_value": self.maximum}

    @property
    def offenders(self) -> str:
        column = identifier(self.column)
        tests = [f"{column} < {self.minimum}"] if self.minimum is not None else []
        tests += [f"{column} > {self.maximum}"] if self.maximum is not None else []
        return f"select * from {{batch}} where {' or '.join(tests)}"


@dataclass(frozen=True)
class NotBefore:
    """Where both are filled in, one column is at or after (or at least) the other."""

    later: str
    earlier: str
    expectation = "ExpectColumnPairValuesAToBeGreaterThanB"

    @property
    def arguments(self) -> dict[str, object]:
        return {
            "column_A": self.later,
            "column_B": self.earlier,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        }

    @property
    def offenders(self) -> str:
        return f"select * from {{batch}} where {identifier(self.later)} < {identifier(self.earlier)}"


@dataclass(frozen=True)
class NotEmpty:
    """The table has at least one row."""

    expectation = "ExpectTableRowCountToBeBetween"
    offenders = None

    @property
    def arguments(self) -> dict[str, object]:
        return {"min_value": 1}


@dataclass(frozen=True)
class NoRows:
    """A business rule: the SQL selects the rows that break it, and must find none.

    The SQL reads the table under check as `checked`, and others of the build by schema and name.
    """

    sql: str
    expectation = "UnexpectedRowsExpectation"

    def __post_init__(self) -> None:
        if "{" in self.sql or "}" in self.sql or "checked" not in self.sql:
            raise ValueError(f"a rule's SQL reads its table as checked, and has no braces: {self.sql}")

    @property
    def arguments(self) -> dict[str, object]:
        return {"unexpected_rows_query": self.offenders}

    @property
    def offenders(self) -> str:
        # Great Expectations gives {batch} an alias, or none if the SQL has a join: so read it once, here.
        return f"with checked as (select * from {{batch}}) select * from ({self.sql}) as offenders"


def identifier(name: str) -> str:
    """Quote a column or table name for SQL."""
    return sql_name(name)


def literal(value: Value) -> str:
    """Write a value as SQL."""
    if isinstance(value, str):
        return sql_text(value)
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return str(value)
