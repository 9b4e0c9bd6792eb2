"""Times that are delivered as a wall clock shows them: which moments they are, by the timezone declared of their object.

Belongs here: SQL for one delivered text. Does not belong here: times that name their zone, and times where nothing is
declared (dbt's reading.sql: they are UTC). The rule where a clock is set back or forward: of an hour that happens twice it is the
second, and a time that never happens is as much later as the clock was set forward. Files with such times are noted.
"""

from __future__ import annotations

from ingestion.readers import sql_text

_CLOCK = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$"


def in_utc(value: str, timezone: str) -> str:
    """SQL for the text of the moment in UTC; what is no time without a zone stays as it is."""
    moment = f"timezone('UTC', {_instant(value, timezone)})"
    return (
        f"case when {_is_wall_clock(value)} "
        f"then coalesce(strftime({moment}, '%Y-%m-%d %H:%M:%S.%fZ'), {value}) else {value} end"
    )


def is_doubtful(value: str, timezone: str) -> str:
    """SQL that is true of a time that the clocks of the timezone show twice, or never."""
    zone, wall, instant = sql_text(timezone), _wall(value), _instant(value, timezone)
    never = f"timezone({zone}, {instant}) <> {wall}"
    shifts = [
        f"timezone({zone}, {instant} {sign} interval {minutes} minute) = {wall}" for sign in "+-" for minutes in (30, 60)
    ]
    return f"coalesce({_is_wall_clock(value)} and ({' or '.join([never, *shifts])}), false)"


def _is_wall_clock(value: str) -> str:
    return f"regexp_matches(trim({value}), {sql_text(_CLOCK)})"


def _wall(value: str) -> str:
    return f"try_cast(trim({value}) as timestamp)"


def _instant(value: str, timezone: str) -> str:
    return f"timezone({sql_text(timezone)}, {_wall(value)})"
