"""Freshness and volume: whether tonight's opportunities came, and about as many as usual."""

from __future__ import annotations

from collections.abc import Sequence

from quality.build_database import DeliveredObject
from quality.checks import Check, Group
from quality.rules import NoRows
from quality.thresholds import Thresholds

TABLE = "accounting.delivered_file"
OPPORTUNITIES = ("opportunity", "deal")
# The extracts of opportunities by day, all parts of a day together.
EXTRACTS = f"""
    select system, object, extracted_on, sum(rows_delivered) as rows_delivered from checked
    where object in {OPPORTUNITIES} and outcome = 'loaded' and extracted_on is not null
    group by all
"""
# With fewer extracts than these nobody can say what is usual.
EXTRACTS_NEEDED = 4


def group(thresholds: Thresholds, delivered: Sequence[DeliveredObject]) -> Group:
    """The checks of this file."""
    low, high = thresholds.volume_low_ratio, thresholds.volume_high_ratio
    return Group(
        "freshness",
        (
            Check(
                name="the_opportunity_extract_came_when_expected",
                table=TABLE,
                rule=NoRows(_late(int(thresholds.late_days), delivered)),
                description="The extract of opportunities came on every day on which it usually comes.",
                advice="It was expected on the day named: deliver it, or what is open today stays unknown.",
                keys=("system", "object", "expected_on"),
            ),
            Check(
                name="the_opportunity_extract_is_as_large_as_usual",
                table=TABLE,
                rule=NoRows(_unusual(low, high, thresholds.tolerated_rows)),
                description=f"Tonight's opportunities are {low:g} to {high:g} times as many rows as usual.",
                advice="Compare the number of rows with the CRM; if it is right, nothing need be done.",
                keys=("system", "object", "extracted_on"),
                severity="warn",
            ),
        ),
    )


def _late(grace: int, delivered: Sequence[DeliveredObject]) -> str:
    """SQL for the extracts that did not come on the as-of day, less some days of grace, although expected.

    An extract is expected if it came a week before; one of the whole table also if its usual interval has
    passed (one of changes is not: there may have been none). A file with the same bytes as an earlier one is a
    delivery too, but has no day of its own: with such repeats, nothing can be said.
    """
    kinds = [
        f"""
        select '{found.system}' as system, '{found.object}' as object, max(_delivery) = 'full' as is_whole
        from {found.raw_view}
        """
        for found in delivered
        if found.object in OPPORTUNITIES
    ]
    none = "select '' as system, '' as object, false as is_whole where false"
    return f"""
        select told.system, told.object, expected_on
        from (
            select
                system, object, expected_on, max(extracted_on) as last_day, count(*) as extracts,
                bool_or(extracted_on = expected_on - 7) as came_a_week_before,
                cast(ceil(median(days)) as integer) as usual_days
            from (
                select
                    *, (select as_of - {grace} from config.run) as expected_on,
                    extracted_on - lag(extracted_on) over (
                        partition by system, object order by extracted_on
                    ) as days
                from ({EXTRACTS})
            )
            group by all
        ) as told
        join ({" union all ".join(kinds) or none}) as kind using (system, object)
        where extracts >= {EXTRACTS_NEEDED} and last_day < expected_on
            and (came_a_week_before or (is_whole and last_day + usual_days <= expected_on))
            and not exists (
                select 1 from checked as repeated
                where repeated.outcome = 'repeat'
                    and repeated.system = told.system and repeated.object = told.object
            )
    """


def _unusual(low: float, high: float, few: float) -> str:
    """SQL for newest extracts with far fewer rows than the least, or far more than the most, of the ten before.

    The least and the most, and not the middle: changes are few on every Sunday.
    """
    return f"""
        select * from (
            select
                *,
                min(rows_delivered) over the_ten_before as least,
                max(rows_delivered) over the_ten_before as most,
                row_number() over (partition by system, object order by extracted_on desc) as age,
                count(*) over (partition by system, object) as extracts
            from ({EXTRACTS})
            window the_ten_before as (
                partition by system, object order by extracted_on
                rows between 10 preceding and 1 preceding
            )
        )
        where age = 1 and extracts >= {EXTRACTS_NEEDED}
            and (rows_delivered < {low} * least - {few} or rows_delivered > {high} * most + {few})
    """
