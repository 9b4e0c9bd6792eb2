"""fct_stage_visit: every deal's way through the stages, without overlap and without a hole."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, InSet, NoRows, NotNull, UniqueTogether

TABLE = "marts.fct_stage_visit"
VISIT = ("opportunity_id", "visit_number")
OPPORTUNITY = ("source_system", "opportunity_id")
FAULT = "Look at the deal's stage history as it was delivered; if it is right, report a fault of Funnelcast."
# Each visit with the one after it.
PAIRS = """
    select
        *,
        lead(entered_at) over (
            partition by source_system, opportunity_id order by entered_at, visit_number
        ) as next_entered_at
    from checked
"""


def group() -> Group:
    """The checks of this file."""
    return Group("visits", (*_rows(), *_sequence(), *_against_opportunities()))


def _rows() -> tuple[Check, ...]:
    return (
        Check(
            name="a_visit_is_one_row",
            table=TABLE,
            rule=UniqueTogether(("visit_id",)),
            description="Each stay of a deal in a stage is counted once.",
            advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
            keys=VISIT,
        ),
        Check(
            name="a_visit_has_an_id",
            table=TABLE,
            rule=NotNull("visit_id"),
            description="Every stay of a deal in a stage has an id.",
            advice="Report it as a fault of Funnelcast.",
            keys=VISIT,
        ),
        Check(
            name="a_visit_says_how_it_is_known",
            table=TABLE,
            rule=InSet("entry_evidence", ("history", "created", "record", "extract")),
            description="Every stay says whether its beginning is known from history, creation, the close date or an extract.",
            advice="Report it as a fault of Funnelcast.",
            keys=(*VISIT, "entry_evidence"),
        ),
        Check(
            name="a_visit_lasts_no_negative_time",
            table=TABLE,
            rule=Between("days_in_stage", minimum=0),
            description="No deal stayed in a stage for less than no time.",
            advice=FAULT,
            keys=VISIT,
        ),
        Check(
            name="no_visit_lies_after_the_as_of_day",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where greatest(entered_at, exited_at) > (select as_of_end from config.run)
                """
            ),
            description="No stay begins or ends after the day that this build is as of.",
            advice="Look for dates in the future in the stage history of these deals.",
            keys=VISIT,
        ),
    )


def _sequence() -> tuple[Check, ...]:
    return (
        Check(
            name="visits_do_not_overlap",
            table=TABLE,
            rule=NoRows(f"select * from ({PAIRS}) where exited_at > next_entered_at or exited_at < entered_at"),
            description="A deal is in one stage at a time.",
            advice=FAULT,
            keys=VISIT,
        ),
        Check(
            name="visits_leave_no_hole",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from ({PAIRS})
                where next_entered_at is not null and (exited_at is null or exited_at < next_entered_at)
                """
            ),
            description="A deal leaves one stage when it enters the next.",
            advice=FAULT,
            keys=VISIT,
        ),
        Check(
            name="visits_are_numbered_in_order",
            table=TABLE,
            rule=NoRows(
                """
                select * from (
                    select
                        *,
                        row_number() over (
                            partition by source_system, opportunity_id order by entered_at, visit_number
                        ) as place
                    from checked
                )
                where visit_number is distinct from place
                """
            ),
            description="A deal's stays are numbered 1, 2, 3 … as they followed each other.",
            advice="Report it as a fault of Funnelcast.",
            keys=VISIT,
        ),
    )


def _against_opportunities() -> tuple[Check, ...]:
    return (
        Check(
            name="an_opportunity_has_visits",
            table=TABLE,
            rule=NoRows(
                """
                select source_system, opportunity_id from marts.fct_opportunity as opportunity
                where status <> 'deleted' and not exists (
                    select 1 from checked as visit
                    where visit.source_system = opportunity.source_system
                        and visit.opportunity_id = opportunity.opportunity_id
                )
                """
            ),
            description="Every deal has been in at least one stage.",
            advice="The deal would be missing from every funnel: report it as a fault of Funnelcast.",
            keys=OPPORTUNITY,
        ),
        Check(
            name="a_visit_belongs_to_an_opportunity",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked as visit
                where not exists (
                    select 1 from marts.fct_opportunity as opportunity
                    where visit.source_system = opportunity.source_system
                        and visit.opportunity_id = opportunity.opportunity_id
                )
                """
            ),
            description="Every stay is that of a deal that exists.",
            advice="History was delivered of deals that were not: deliver the opportunity extract whole.",
            keys=VISIT,
        ),
        Check(
            name="an_opportunity_has_one_current_visit",
            table=TABLE,
            rule=NoRows(
                """
                select source_system, opportunity_id
                from checked join marts.fct_opportunity as opportunity using (source_system, opportunity_id)
                where opportunity.status <> 'deleted'
                group by all having count(distinct case when is_current then visit_number end) <> 1
                """
            ),
            description="Every deal is in exactly one stage now.",
            advice="Report it as a fault of Funnelcast.",
            keys=OPPORTUNITY,
        ),
        Check(
            name="the_current_visit_is_in_the_stage_of_the_opportunity",
            table=TABLE,
            rule=NoRows(
                """
                select visit.* from checked as visit
                join marts.fct_opportunity as opportunity using (source_system, opportunity_id)
                where visit.is_current and opportunity.status <> 'deleted'
                    and (visit.pipeline, visit.stage)
                    is distinct from (opportunity.pipeline, opportunity.stage)
                """
            ),
            description="The stage a deal's history ends in is the one the deal is in.",
            advice=FAULT,
            keys=VISIT,
        ),
    )
