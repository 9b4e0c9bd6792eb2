"""fct_handoff, fct_won_credit and rpt_bottleneck: who handed what to whom, who is credited, and where deals wait."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, InSet, NoRows, UniqueTogether

HANDOFF = "marts.fct_handoff"
CREDIT = "marts.fct_won_credit"
BOTTLENECK = "marts.rpt_bottleneck"
OPPORTUNITY = ("source_system", "opportunity_id")
FLOW = ("period_type", "period_start", "pipeline", "stage", "scope", "scope_id")
FAULT = "Report it as a fault of Funnelcast."


def group() -> Group:
    """The checks of this file."""
    return Group("process", (*_handoffs(), *_credit(), *_flow()))


def _handoffs() -> tuple[Check, ...]:
    keys = (*OPPORTUNITY, "handoff_number")
    return (
        Check(
            name="a_handoff_is_one_row",
            table=HANDOFF,
            rule=UniqueTogether(("handoff_id",)),
            description="Each hand-off is counted once.",
            advice=FAULT,
            keys=keys,
        ),
        Check(
            name="a_handoff_is_of_a_known_kind",
            table=HANDOFF,
            rule=InSet("kind", ("conversion", "owner", "role")),
            description="A hand-off is a conversion, a change of owner or a change of role.",
            advice=FAULT,
            keys=keys,
        ),
        Check(
            name="a_handoff_waits_no_negative_time",
            table=HANDOFF,
            rule=Between("wait_hours", minimum=0),
            description="No hand-off waited for less than no time.",
            advice=FAULT,
            keys=keys,
        ),
        Check(
            name="a_handoff_changes_hands",
            table=HANDOFF,
            rule=NoRows("select * from checked where kind <> 'role' and from_rep_id is not distinct from to_rep_id"),
            description="A hand-off goes from one person to another, unless it is the person's role that changed.",
            advice=FAULT,
            keys=keys,
        ),
        Check(
            name="a_touch_ends_the_wait",
            table=HANDOFF,
            rule=NoRows(
                """
                select * from checked
                where is_censored is distinct from (first_touch_at is null) or first_touch_at < handed_at
                """
            ),
            description="A hand-off has waited to its first touch, or is marked as never touched.",
            advice=FAULT,
            keys=keys,
        ),
        Check(
            name="nobody_waits_for_whom_nobody_knows",
            table=HANDOFF,
            rule=NoRows(
                """
                select * from checked
                where (evidence = 'unknown') is distinct from (wait_hours is null) or (evidence = 'unknown' and to_rep_id is not null)
                """
            ),
            description="A hand-off to an owner whom no delivery names has nobody, and has no wait.",
            advice=FAULT,
            keys=keys,
        ),
        Check(
            name="only_open_deals_wait",
            table=HANDOFF,
            rule=NoRows(
                """
                select handoff.* from checked as handoff
                join marts.fct_opportunity as opportunity using (source_system, opportunity_id)
                where handoff.is_waiting and (opportunity.status <> 'open' or not handoff.is_censored)
                """
            ),
            description="Only open deals without a touch still wait for their new owner.",
            advice=FAULT,
            keys=keys,
        ),
    )


def _credit() -> tuple[Check, ...]:
    return (
        Check(
            name="a_deals_credit_adds_up_to_one",
            table=CREDIT,
            rule=NoRows("select source_system, opportunity_id from checked group by all having sum(share) <> 1"),
            description="The shares of a won deal add up to 1 exactly.",
            advice=FAULT,
            keys=OPPORTUNITY,
        ),
        Check(
            name="a_share_of_credit_is_a_share",
            table=CREDIT,
            rule=Between("share", 0, 1),
            description="A share of the credit lies between 0 and 1.",
            advice=FAULT,
            keys=(*OPPORTUNITY, "part"),
        ),
        Check(
            name="a_deals_credited_amounts_add_up_to_its_amount",
            table=CREDIT,
            rule=NoRows(
                """
                select source_system, opportunity_id
                from checked join marts.fct_opportunity as opportunity using (source_system, opportunity_id)
                group by source_system, opportunity_id, opportunity.amount
                having sum(credited_amount) is distinct from opportunity.amount
                """
            ),
            description="What is credited of a won deal adds up to its amount to the cent.",
            advice=FAULT,
            keys=OPPORTUNITY,
        ),
        Check(
            name="every_won_deal_and_no_other_has_its_credit",
            table=CREDIT,
            rule=NoRows(
                """
                select source_system, opportunity_id
                from (select distinct source_system, opportunity_id, true as is_credited from checked) as credited
                full join (
                    select source_system, opportunity_id, true as is_won from marts.fct_opportunity where status = 'won'
                ) as won using (source_system, opportunity_id)
                where is_won is null or is_credited is null
                """
            ),
            description="Every won deal is credited to somebody, and no other deal is.",
            advice=FAULT,
            keys=OPPORTUNITY,
        ),
    )


def _flow() -> tuple[Check, ...]:
    return (
        Check(
            name="a_stage_of_a_period_is_one_row",
            table=BOTTLENECK,
            rule=UniqueTogether(FLOW),
            description="Each stage of a period and team has one row.",
            advice=FAULT,
            keys=FLOW,
        ),
        Check(
            name="a_stage_holds_what_came_less_what_left",
            table=BOTTLENECK,
            rule=NoRows("select * from checked where opening_wip + arrivals - departures <> wip or arrivals < 0"),
            description="A stage holds what it held before, and what came, less what left.",
            advice=FAULT,
            keys=FLOW,
        ),
        Check(
            name="arrivals_are_the_visits_that_began",
            table=BOTTLENECK,
            rule=NoRows(
                """
                select stage from (
                    select pipeline, stage, sum(arrivals) as arrived from checked
                    where scope = 'company' and period_type = 'month' group by all
                ) as flow
                join (
                    select visit.pipeline, visit.stage, count(*) as began
                    from marts.fct_stage_visit as visit
                    join marts.fct_opportunity as opportunity using (source_system, opportunity_id)
                    where opportunity.status <> 'deleted' group by all
                ) as visits using (pipeline, stage)
                where arrived <> began
                """
            ),
            description="As many deals came into a stage as visits of it began.",
            advice=FAULT,
            keys=("stage",),
        ),
        Check(
            name="a_stage_holds_its_open_deals_today",
            table=BOTTLENECK,
            rule=NoRows(
                """
                select stage from (
                    select pipeline, stage, wip from checked
                    where scope = 'company' and period_type = 'month'
                    qualify row_number() over (partition by pipeline, stage order by period_start desc) = 1
                ) as flow
                left join (
                    select pipeline, stage, count(*) as open_deals from marts.fct_opportunity where status = 'open' group by all
                ) as opportunities using (pipeline, stage)
                where wip <> coalesce(open_deals, 0)
                """
            ),
            description="In the newest month a stage holds the deals that are open in it.",
            advice=FAULT,
            keys=("stage",),
        ),
        Check(
            name="teams_add_up_to_the_companys_flow",
            table=BOTTLENECK,
            rule=NoRows(
                """
                select period_type, period_start, pipeline, stage from checked
                where scope in ('company', 'team') group by all
                having sum(case when scope = 'team' then arrivals else -arrivals end) <> 0
                    or sum(case when scope = 'team' then departures else -departures end) <> 0
                """
            ),
            description="What came into and left a stage in all teams adds up to the company's.",
            advice=FAULT,
            keys=("period_type", "period_start", "pipeline", "stage"),
        ),
        Check(
            name="one_stage_at_most_limits_the_flow",
            table=BOTTLENECK,
            rule=NoRows(
                """
                select period_type, period_start, pipeline, scope, scope_id
                from checked where is_limiting group by all having count(*) > 1
                """
            ),
            description="At most one stage limits the flow of a pipeline in a period.",
            advice=FAULT,
            keys=("period_type", "period_start", "pipeline", "scope", "scope_id"),
        ),
        Check(
            name="a_limit_that_is_not_told_has_its_reason",
            table=BOTTLENECK,
            rule=NoRows("select * from checked where (is_limiting is null) is distinct from (limiting_unknown is not null)"),
            description="Where it cannot be said whether a stage limits the flow, the reason is.",
            advice=FAULT,
            keys=FLOW,
        ),
    )
