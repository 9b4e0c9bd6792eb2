"""ops_history_source, ops_history_difference and ops_close_date_difference: what the past is made of, and where its tellings differ."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows, UniqueTogether
from quality.thresholds import Thresholds

SOURCES = "marts.ops_history_source"
DIFFERENCES = "marts.ops_history_difference"
CLOSES = "marts.ops_close_date_difference"
OPPORTUNITY = ("source_system", "opportunity_id")
DIFFERENCE = ("source_system", "opportunity_id", "shown_at")


def group(thresholds: Thresholds) -> Group:
    """The checks of this file."""
    few, share = thresholds.tolerated_rows, thresholds.history_difference_share
    return Group(
        "histories",
        (
            Check(
                name="a_source_of_history_is_one_row",
                table=SOURCES,
                rule=UniqueTogether(("source_system",)),
                description="What a system's histories are made of has one row.",
                advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
                keys=("source_system",),
            ),
            Check(
                name="every_difference_of_histories_is_counted",
                table=SOURCES,
                rule=NoRows(
                    f"""
                    select source_system
                    from checked
                    full join (select source_system, count(*) as listed from {DIFFERENCES} group by all) using (source_system)
                    where coalesce(states_that_differ, 0) <> coalesce(listed, 0)
                        or coalesce(states_that_differ, 0) > coalesce(states_compared, 0)
                    """
                ),
                description="The differences between extracts and history that are counted are those that are listed.",
                advice="Report it as a fault of Funnelcast.",
                keys=("source_system",),
            ),
            Check(
                name="a_difference_of_histories_is_one_row",
                table=DIFFERENCES,
                rule=UniqueTogether(DIFFERENCE),
                description="Each difference between an extract and the history has one row.",
                advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
                keys=DIFFERENCE,
            ),
            Check(
                name="extracts_agree_with_the_history",
                table=DIFFERENCES,
                rule=NoRows(
                    f"""
                    select checked.*
                    from checked
                    join {SOURCES} as source using (source_system)
                    where source.states_that_differ > greatest({few}, {share} * source.states_compared)
                    """
                ),
                description=f"In at most {share:.1%} of what extracts show, a deal is in another stage than by its history.",
                advice="The tables follow the history: compare these deals with the CRM; its history may have holes.",
                keys=DIFFERENCE,
                severity="warn",
            ),
            Check(
                name="a_close_date_difference_is_one_row",
                table=CLOSES,
                rule=UniqueTogether(OPPORTUNITY),
                description="Each closed deal whose close date is not the day of its last change of stage has one row.",
                advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
                keys=OPPORTUNITY,
            ),
            Check(
                name="a_close_date_that_differs_is_of_a_deal_that_is_closed_so",
                table=CLOSES,
                rule=NoRows(
                    """
                    select checked.*
                    from checked
                    left join marts.fct_opportunity as opportunity using (source_system, opportunity_id)
                    where checked.stage_changed_on = checked.close_date
                        or checked.status is distinct from opportunity.status
                        or checked.closed_on is distinct from opportunity.closed_on
                        or checked.closed_on is distinct from case
                            when (select closed_on from config.definition) = 'close_date' and checked.problem is null
                                then checked.close_date
                            else checked.stage_changed_on
                        end
                    """
                ),
                description="A deal is closed on the day that the company's definition says.",
                advice="Report it as a fault of Funnelcast.",
                keys=OPPORTUNITY,
            ),
        ),
    )
