"""Assumes: bookings that depend on what is taken for the day of closing are told, and nothing is where they do not."""

from __future__ import annotations

from datetime import date

import duckdb

from publishing.notices import read_notices

TABLE = """
create table ops_close_date_difference as select * from (values
    ('won', 100, date '2026-04-03', date '2026-03-30', date '2026-04-01', date '2026-03-01', true, true, null),
    ('won', 50, date '2026-05-01', date '2026-04-29', date '2026-05-01', date '2026-04-01', true, false, null),
    ('won', 7, date '2026-05-03', date '2026-05-02', date '2026-05-01', date '2026-05-01', false, false, null),
    ('lost', 900, date '2026-04-03', date '2026-03-30', date '2026-04-01', date '2026-03-01', true, true, null),
    ('won', 800, date '2026-04-03', date '2027-03-30', date '2026-04-01', date '2027-03-01', true, true, 'later than the as-of day')
) as closes (
    status, amount, closed_on, close_date, month_by_stage_change, month_by_close_date, moves_month, moves_quarter, problem
)
"""


def test_bookings_that_the_close_date_moves_are_told() -> None:
    with duckdb.connect() as connection:
        connection.execute(TABLE)
        assert read_notices(connection, date(2026, 11, 22)).close_dates == (
            "2 won deals are in another month by the CRM's close date than by the change of stage, 1 in another quarter; "
            "counted by the change of stage. Bookings by close date: 2026-03 +100, 2026-04 -50, 2026-05 -50; "
            "ops_close_date_difference lists them",
        )


def test_days_that_move_no_month_are_not_told() -> None:
    with duckdb.connect() as connection:
        connection.execute(TABLE)
        connection.execute("delete from ops_close_date_difference where moves_month")
        assert read_notices(connection, date(2026, 11, 22)).close_dates == ()
