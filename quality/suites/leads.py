"""fct_lead_funnel and ops_coverage: leads that add up, steps that follow from each other, and what cannot be told."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows, NotNull, UniqueTogether

TABLE = "marts.fct_lead_funnel"
ROW = ("cohort_month", "scope", "scope_id")
COVERAGE = "marts.ops_coverage"
COVERAGE_ROW = ("table_name", "measure", "source_system")
FAULT = "A number of the lead funnel is wrong: report it as a fault of Funnelcast."
COUNTS = ("leads", "opportunities", "won", "lost", "still_open", "deals")


def group() -> Group:
    """The checks of this file."""
    return Group("leads", (*_funnel(), *_coverage()))


def _funnel() -> tuple[Check, ...]:
    sums = ", ".join(f"sum({count}) as {count}" for count in COUNTS)
    differs = " or ".join(f"part.{count} is distinct from whole.{count}" for count in COUNTS)
    return (
        Check(
            name="a_cohort_of_leads_is_one_row",
            table=TABLE,
            rule=UniqueTogether(ROW),
            description="Each month of leads has one row per segment.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_step_of_the_lead_funnel_is_part_of_the_last",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where opportunities > leads or qualified > leads or opportunities > qualified
                    or opportunities is distinct from won + lost + still_open
                    or least(leads, qualified, opportunities, won, lost, still_open) < 0
                """
            ),
            description="No step has more leads than the one before, and every deal's lead is won, lost or open.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="segments_of_leads_add_up_to_all",
            table=TABLE,
            rule=NoRows(
                f"""
                select part.cohort_month, part.scope from (
                    select cohort_month, scope, {sums}
                    from checked where scope <> 'company' group by all
                ) as part
                full join (select * from checked where scope = 'company') as whole using (cohort_month)
                where {differs}
                """
            ),
            description="The leads of all sources, teams and so on add up to the whole.",
            advice="Leads are missing from a segment or counted in two: report it as a fault of Funnelcast.",
            keys=ROW[:2],
        ),
        Check(
            name="a_rate_of_leads_lies_in_its_interval",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where (lead_to_won_rate between lead_to_won_rate_low and lead_to_won_rate_high) is false
                    or (eventual_won_rate between eventual_won_rate_low and eventual_won_rate_high) is false
                    or (leads > 0 and abs(lead_to_won_rate - won / leads) > 0.0000011)
                """
            ),
            description="The rates of the lead funnel follow from its counts and lie within their intervals.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _coverage() -> tuple[Check, ...]:
    return (
        Check(
            name="a_measure_is_covered_once",
            table=COVERAGE,
            rule=UniqueTogether(COVERAGE_ROW),
            description="Each measure of a system has one row.",
            advice="Report it as a fault of Funnelcast.",
            keys=COVERAGE_ROW,
        ),
        Check(
            name="what_cannot_be_answered_says_why",
            table=COVERAGE,
            rule=NotNull("reason"),
            description="Every measure says why it cannot be answered, or not before its day.",
            advice="Report it as a fault of Funnelcast.",
            keys=COVERAGE_ROW,
        ),
        Check(
            name="what_is_not_covered_is_not_a_number",
            table=COVERAGE,
            rule=NoRows(
                """
                select checked.table_name, checked.measure, checked.source_system from checked
                where subject = 'close_date_history' and table_name = 'fct_pipeline_daily' and exists (
                    select 1 from marts.fct_pipeline_daily as daily
                    where daily.source_system = checked.source_system
                        and (checked.known_since is null or daily.date_day < checked.known_since)
                        and (daily.pushed_count is not null or daily.pulled_in_count is not null or daily.slipped_count is not null)
                )
                """
            ),
            description="Movements of the close date are empty on days on which they are not known.",
            advice="Report it as a fault of Funnelcast.",
            keys=COVERAGE_ROW,
        ),
    )
