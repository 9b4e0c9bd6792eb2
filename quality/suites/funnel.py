"""fct_stage_funnel: what became of those that entered a stage; numbers that add up, rates that follow."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, NoRows, UniqueTogether

TABLE = "marts.fct_stage_funnel"
ROW = ("cohort_month", "pipeline", "stage", "scope", "scope_id")
FAULT = "A number of the conversion table is wrong: report it as a fault of Funnelcast."
COUNTS = ("entered", "visited", "skipped", "advanced", "lost", "still_open")


def group() -> Group:
    """The checks of this file."""
    return Group("funnel", (*_counts(), *_rates(), *_eventual()))


def _counts() -> tuple[Check, ...]:
    sums = ", ".join(f"sum({count}) as {count}" for count in COUNTS)
    differs = " or ".join(f"part.{count} is distinct from whole.{count}" for count in COUNTS)
    return (
        Check(
            name="a_funnel_cohort_is_one_row",
            table=TABLE,
            rule=UniqueTogether(ROW),
            description="Each cohort of a stage and segment is told once.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="who_entered_a_stage_advanced_lost_or_is_open",
            table=TABLE,
            rule=NoRows("select * from checked where entered is distinct from advanced + lost + still_open"),
            description="Of the deals that entered a stage, each advanced, was lost, or is still open.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="who_entered_a_stage_visited_or_skipped_it",
            table=TABLE,
            rule=NoRows("select * from checked where entered is distinct from visited + skipped"),
            description="Of the deals counted at a stage, each was in it or skipped it.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="funnel_counts_are_not_negative",
            table=TABLE,
            rule=NoRows(f"select * from checked where least({', '.join(COUNTS)}) < 0"),
            description="No count of the conversion table is negative.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="funnel_segments_add_up_to_all",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from (
                    select cohort_month, pipeline, stage, scope
                    from (select distinct cohort_month, pipeline, stage from checked)
                    cross join (
                        select distinct scope from checked where scope <> 'company'
                    )
                ) as cell
                left join (
                    select cohort_month, pipeline, stage, scope, {sums} from checked group by all
                ) as part using (cohort_month, pipeline, stage, scope)
                left join (
                    select * exclude (scope) from checked where scope = 'company'
                ) as whole using (cohort_month, pipeline, stage)
                where {differs}
                """
            ),
            description="The segments of a stage add up to the whole of it.",
            advice="Deals are missing from a segment or counted in two: report it as a fault of Funnelcast.",
            keys=ROW[:4],
        ),
    )


def _rates() -> tuple[Check, ...]:
    return (
        Check(
            name="a_conversion_rate_on_nothing_is_empty",
            table=TABLE,
            rule=NoRows("select * from checked where (entered = 0) is distinct from (conversion_rate is null)"),
            description="A conversion rate is empty when no deal entered, and only then.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_conversion_rate_is_advanced_of_entered",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where entered > 0 and abs(conversion_rate - advanced / entered) > 0.0000011
                """
            ),
            description="A conversion rate is the deals that advanced divided by those that entered.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_conversion_rate_lies_in_its_interval",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where conversion_rate is not null
                    and (conversion_rate between conversion_rate_low and conversion_rate_high)
                    is distinct from true
                """
            ),
            description="A conversion rate lies within its interval.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_conversion_interval_is_not_below_nothing",
            table=TABLE,
            rule=Between("conversion_rate_low", 0, 1),
            description="The lower bound of a conversion rate lies between 0 and 1.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_conversion_interval_is_not_above_all",
            table=TABLE,
            rule=Between("conversion_rate_high", 0, 1),
            description="The upper bound of a conversion rate lies between 0 and 1.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="advancing_takes_no_negative_time",
            table=TABLE,
            rule=Between("median_days_to_advance", minimum=0),
            description="No cohort advanced in less than no time.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _eventual() -> tuple[Check, ...]:
    return (
        Check(
            name="an_eventual_conversion_lies_in_its_interval",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where eventual_conversion_rate is not null
                    and (
                        eventual_conversion_rate between eventual_conversion_rate_low and eventual_conversion_rate_high
                        and eventual_conversion_rate_low >= 0 and eventual_conversion_rate_high <= 1
                    ) is distinct from true
                """
            ),
            description="An eventual conversion rate lies within its interval, and that between 0 and 1.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="an_eventual_conversion_or_why_there_is_none",
            table=TABLE,
            rule=NoRows(
                "select * from checked where (eventual_conversion_rate is null) = (eventual_missing_reason is null)"
            ),
            description="An eventual conversion rate is there, or else the reason why not.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_finished_cohort_has_converted_what_it_will",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where still_open = 0 and entered > 0
                    and abs(eventual_conversion_rate - conversion_rate) > 0.0000011
                """
            ),
            description="Where no deal is left in a stage, the eventual conversion rate is the conversion rate.",
            advice=FAULT,
            keys=ROW,
        ),
    )
