"""What a run should say of its deliveries beside the numbers: columns that changed, what the histories are made of, and
bookings that depend on what is taken for the day of closing.

Belongs here: reading it from the published tables. Does not belong here: finding it (ingestion/, dbt_project/), or the layout of the
words (summary.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

_COLUMNS_NAMED = 8
_MONTHS_NAMED = 4


@dataclass(frozen=True)
class Notices:
    """Lines for the summary, without their labels."""

    schema_changes: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()
    close_dates: tuple[str, ...] = ()


def read_notices(connection: duckdb.DuckDBPyConnection, as_of: date) -> Notices:
    """Read them from a connection that finds the published tables by their bare names. A release of an older version may lack some."""
    known = {str(row[0]) for row in connection.execute("select table_name from information_schema.tables").fetchall()}
    return Notices(
        tuple(_schema_changes(connection, as_of)) if "ops_schema_change" in known else (),
        tuple(_histories(connection)) if "ops_history_source" in known else (),
        tuple(_close_dates(connection)) if "ops_close_date_difference" in known else (),
    )


def _schema_changes(connection: duckdb.DuckDBPyConnection, as_of: date) -> Iterable[str]:
    """What changed in the files of the as-of day: each object with its changes by name."""
    rows = connection.execute(
        "select system || '.' || object, change, column_name, detail from ops_schema_change"
        " where is_newest and extracted_on = $as_of group by all order by all",
        {"as_of": as_of},
    ).fetchall()
    by_object: dict[str, list[str]] = {}
    for label, change, column, detail in rows:
        by_object.setdefault(str(label), []).append(_told(str(change), column, str(detail)))
    for label, changes in by_object.items():
        more = f" and {len(changes) - _COLUMNS_NAMED} more" if len(changes) > _COLUMNS_NAMED else ""
        yield f"{label}: {'; '.join(changes[:_COLUMNS_NAMED])}{more}"


def _told(change: str, column: str | None, detail: str) -> str:
    named = "columns" if column is None else repr(column)
    return f"{named} {change} ({detail})" if change in ("renamed", "type changed") else f"{named} {change}"


def _histories(connection: duckdb.DuckDBPyConnection) -> Iterable[str]:
    rows = connection.execute(
        "select source_system, changes_from_history, changes_from_creation, changes_from_records, changes_from_extracts,"
        " states_compared, states_that_differ from ops_history_source order by source_system"
    ).fetchall()
    for system, history, creation, records, extracts, compared, differ in rows:
        told = (
            f"{system}: {history:,} changes known from its history, {creation:,} from creation, {extracts:,} from extracts"
        )
        if records:
            told += f", {records:,} from close dates"
        yield told + (f"; {differ:,} of {compared:,} states in extracts differ from it" if compared else "")


def _close_dates(connection: duckdb.DuckDBPyConnection) -> Iterable[str]:
    """Won deals of another month by the CRM's close date than by their last change of stage, and what that does to the months."""
    deals, of_quarter, by_close_date = connection.execute(
        "select count(*), count(*) filter (where moves_quarter), coalesce(bool_or(closed_on = close_date), false)"
        " from ops_close_date_difference where status = 'won' and moves_month and problem is null"
    ).fetchall()[0]
    if not deals:
        return
    months = connection.execute(
        """
        select month, sum(amount) as difference
        from (
            select month_by_close_date as month, amount from ops_close_date_difference
            where status = 'won' and moves_month and problem is null
            union all
            select month_by_stage_change, -amount from ops_close_date_difference
            where status = 'won' and moves_month and problem is null
        )
        group by month having sum(amount) <> 0 order by abs(sum(amount)) desc, month
        """
    ).fetchall()
    told = [f"{month:%Y-%m} {difference:+,.0f}" for month, difference in months[:_MONTHS_NAMED]]
    more = f" and {len(months) - _MONTHS_NAMED} more" if len(months) > _MONTHS_NAMED else ""
    counted = "the close date" if by_close_date else "the change of stage"
    subject = "1 won deal is" if deals == 1 else f"{deals:,} won deals are"
    yield (
        f"{subject} in another month by the CRM's close date than by the change of stage, {of_quarter:,} in another quarter; "
        f"counted by {counted}"
        + (f". Bookings by close date: {', '.join(told)}{more}" if told else "")
        + "; ops_close_date_difference lists them"
    )
