"""Freshness and volume: whether tonight's opportunities came, and about as many as usual."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows
from quality.thresholds import Thresholds

TABLE = "accounting.delivered_file"
OPPORTUNITIES = "object in ('opportunity', 'deal')"
# With fewer extracts than these nobody can say what is usual.
EXTRACTS_NEEDED = 4


def group(thresholds: Thresholds) -> Group:
    """The checks of this file."""
    low, high = thresholds.volume_low_ratio, thresholds.volume_high_ratio
    return Group(
        "freshness",
        (
            Check(
                name="the_opportunity_extract_came_when_expected",
                table=TABLE,
                rule=NoRows(_late(int(thresholds.late_days))),
                description="The extract of opportunities came at its usual interval.",
                advice="It was expected on the day named: deliver it, or what is open today stays unknown.",
                keys=("system", "object", "expected_on"),
            ),
            Check(
                name="the_opportunity_extract_is_as_large_as_usual",
                table=TABLE,
                rule=NoRows(
                    "select * from (select system, object, extracted_on, rows_delivered, median(rows_delivered) over"
                    "   (partition by system, object order by extracted_on rows between 10 preceding and 1 preceding)"
                    "   as usual, row_number() over (partition by system, object order by extracted_on desc) as age,"
                    "   count(*) over (partition by system, object) as extracts"
                    f"  from ({_extracts()}))"
                    f" where age = 1 and extracts >= {EXTRACTS_NEEDED}"
                    f"  and (rows_delivered < {low} * usual or rows_delivered > {high} * usual)"
                ),
                description=f"The newest extract of opportunities has between {low:g} and {high:g} times the usual rows.",
                advice="Compare the number of rows with the CRM; if it is right, nothing need be done.",
                keys=("system", "object", "extracted_on"),
                severity="warn",
            ),
        ),
    )


def _extracts() -> str:
    """SQL for the extracts of opportunities by day, all parts of a day together."""
    return (
        "select system, object, extracted_on, sum(rows_delivered) as rows_delivered from checked"
        f" where {OPPORTUNITIES} and outcome = 'loaded' and extracted_on is not null group by all"
    )


def _late(grace: int) -> str:
    """SQL for the extracts whose usual interval has passed since the last one.

    A file with the same bytes as an earlier one is a delivery too, and may carry no day of its own: where the newest
    word is such a repeat, nothing can be said.
    """
    return (
        "select system, object, last_day + usual_days as expected_on from"
        "  (select system, object, max(extracted_on) as last_day, count(*) as extracts,"
        "   cast(ceil(median(days)) as integer) as usual_days from"
        "   (select *, extracted_on - lag(extracted_on) over (partition by system, object order by extracted_on) as days"
        f"   from ({_extracts()})) group by all) as told"
        f" where extracts >= {EXTRACTS_NEEDED} and last_day + usual_days + {grace} <= (select as_of from config.run)"
        "  and not exists (select 1 from checked as repeated where repeated.outcome = 'repeat'"
        "   and repeated.system = told.system and repeated.object = told.object)"
    )
