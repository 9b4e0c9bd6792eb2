"""fct_stage_funnel, fct_win_cohort: what became of those that entered a stage, or were created; numbers that add up."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, NoRows, UniqueTogether

TABLE = "marts.fct_stage_funnel"
ROW = ("cohort_month", "pipeline", "stage", "scope", "scope_id")
FAULT = "A number of the conversion table is wrong: report it as a fault of Funnelcast."
COHORT = "marts.fct_win_cohort"
COHORT_ROW = ("cohort_month", "scope", "scope_id")
COHORT_DAYS = (30, 60, 90)
COUNTS = ("entered", "visited", "skipped", "advanced", "lost", "still_open")


def group() -> Group:
    """The checks of this file."""
    return Group("funnel", (*_counts(), *_rates(), *_eventual(), *_win_cohorts()))


def _counts() -> tuple[Check, ...]:
    sums = ", ".join(f"sum({count}) as {count}" for count in COUNTS)
    differs = " or ".join(f"part.{count} is distinct from whole.{count}" for count in COUNTS)
    return (
        Check(
            name="a_funnel_cohort_is_one_row",
            table=TABLE,
            rule=UniqueTogether(ROW),
            description="Each cohort of a stage and segment has one row.",
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


def _win_cohorts() -> tuple[Check, ...]:
    counts = ["created", *(f"{name}_{days}_days" for name in ("watched", "won_within") for days in COHORT_DAYS)]
    sums = ", ".join(f"coalesce(sum({count}), 0) as {count}" for count in counts)
    differs = " or ".join(f"part.{count} is distinct from whole.{count}" for count in counts)
    wrong = " or ".join(
        f"watched_{days}_days + too_young_{days}_days is distinct from created or won_within_{days}_days > watched_{days}_days"
        f" or least(watched_{days}_days, too_young_{days}_days, won_within_{days}_days) < 0"
        f" or (watched_{days}_days = 0) is distinct from (won_within_{days}_days is null)"
        f" or abs(win_rate_{days}_days - won_within_{days}_days / watched_{days}_days) > 0.0000011"
        f" or win_rate_{days}_days not between win_rate_{days}_days_low and win_rate_{days}_days_high"
        for days in COHORT_DAYS
    )
    return (
        Check(
            name="a_win_cohort_is_one_row",
            table=COHORT,
            rule=UniqueTogether(COHORT_ROW),
            description="Each month of created deals has one row for the company and each of its parts.",
            advice=FAULT,
            keys=COHORT_ROW,
        ),
        Check(
            name="wins_of_a_cohort_are_among_the_watched",
            table=COHORT,
            rule=NoRows(f"select * from checked where {wrong}"),
            description="Of a month's deals those watched so long are asked; wins are among them, and rates follow from both.",
            advice=FAULT,
            keys=COHORT_ROW,
        ),
        Check(
            name="parts_of_a_win_cohort_add_up_to_all",
            table=COHORT,
            rule=NoRows(
                f"""
                select part.cohort_month, part.scope
                from (select cohort_month, scope, {sums} from checked group by all) as part
                full join (select cohort_month, {sums} from checked where scope = 'company' group by all) as whole
                    using (cohort_month)
                where {differs}
                """
            ),
            description="The parts of a month of created deals add up to the whole of it.",
            advice="Deals are missing from a part or counted in two: report it as a fault of Funnelcast.",
            keys=("cohort_month", "scope"),
        ),
    )
