"""fct_pipeline_movement and fct_pipeline_bridge: every period closes exactly, and the next begins where it ended."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import InSet, NoRows, UniqueTogether

MOVEMENT = "marts.fct_pipeline_movement"
MOVEMENT_ROW = ("source_system", "opportunity_id", "period_type", "period_start")
BRIDGE = "marts.fct_pipeline_bridge"
BRIDGE_ROW = ("period_type", "period_start", "pipeline", "scope", "scope_id")
FAULT = "The bridge does not close: report it as a fault of Funnelcast."
MOVEMENTS = (
    "created",
    "won",
    "lost",
    "deleted",
    "reopened",
    "pushed",
    "pulled_in",
    "slipped",
    "advanced",
    "moved_back",
    "expanded",
    "contracted",
    "unchanged",
    "changed_pipeline",
)
ARRIVALS = ("created", "reopened", "transferred_in")
DEPARTURES = ("transferred_out", "won", "lost", "deleted")
STAYS = MOVEMENTS[5:12]


def group() -> Group:
    """The checks of this file."""
    return Group("bridge", (*_movements(), *_definitions(), *_bridge(), *_between_the_two()))


def _movements() -> tuple[Check, ...]:
    return (
        Check(
            name="a_deal_moves_once_in_a_period",
            table=MOVEMENT,
            rule=UniqueTogether(MOVEMENT_ROW),
            description="Each deal has one movement in each period.",
            advice=FAULT,
            keys=MOVEMENT_ROW,
        ),
        Check(
            name="a_movement_has_a_known_name",
            table=MOVEMENT,
            rule=InSet("movement", MOVEMENTS),
            description="Every movement is one of those that the definitions name.",
            advice=FAULT,
            keys=MOVEMENT_ROW,
        ),
        Check(
            name="a_movement_adds_what_came_less_what_left",
            table=MOVEMENT,
            rule=NoRows(
                """
                select * from checked
                where amount_delta is distinct from
                    coalesce(entered_amount, 0) - coalesce(left_amount, 0) + coalesce(amount_change, 0)
                """
            ),
            description="What a deal adds to the pipeline is what came, less what left, and what it gained or lost.",
            advice=FAULT,
            keys=MOVEMENT_ROW,
        ),
    )


def _definitions() -> tuple[Check, ...]:
    return (
        Check(
            name="deals_count_as_created_from_a_stage_that_exists",
            table="marts.dim_stage",
            rule=NoRows(
                """
                select told.pipeline, told.stage from config.created_from_stage as told
                where told.pipeline in (select pipeline from checked)
                    and (told.pipeline, told.stage) not in (select (pipeline, stage) from checked where is_open)
                """
            ),
            description="The stage from which on deals count as created is an open stage of its pipeline.",
            advice="Correct definitions.created_from_stage in the config.",
            keys=("pipeline", "stage"),
        ),
    )


def _bridge() -> tuple[Check, ...]:
    counts = ", ".join(f"{name}_count" for name in ("opening", *ARRIVALS, *DEPARTURES, "closing", *STAYS))
    return (
        Check(
            name="a_bridge_is_one_row",
            table=BRIDGE,
            rule=UniqueTogether(BRIDGE_ROW),
            description="Each period of a pipeline and scope has one row.",
            advice=FAULT,
            keys=BRIDGE_ROW,
        ),
        Check(
            name="bridge_counts_are_not_negative",
            table=BRIDGE,
            rule=NoRows(f"select * from checked where least({counts}) < 0"),
            description="No count of the bridge is negative.",
            advice=FAULT,
            keys=BRIDGE_ROW,
        ),
        *(_closes(measure, word) for measure, word in (("count", "deals"), ("amount", "money"))),
        Check(
            name="a_bridge_opens_as_the_last_one_closed",
            table=BRIDGE,
            rule=NoRows(
                """
                select * from (
                    select
                        *,
                        lag(closing_count, 1, 0) over period as closed_with,
                        lag(closing_amount, 1, 0) over period as closed_with_amount
                    from checked
                    window period as (partition by period_type, pipeline, scope, scope_id order by period_start)
                )
                where opening_count is distinct from closed_with or opening_amount is distinct from closed_with_amount
                """
            ),
            description="Every period opens with what the one before closed with.",
            advice=FAULT,
            keys=BRIDGE_ROW,
        ),
        Check(
            name="bridge_scopes_add_up_to_the_company",
            table=BRIDGE,
            rule=NoRows(
                """
                select period_type, period_start, pipeline, scope from (
                    select period_type, period_start, pipeline, scope,
                        sum(closing_count) as deals, sum(closing_amount) as money, sum(won_count) as won
                    from checked where scope <> 'company' group by all
                ) as part
                inner join (
                    select period_type, period_start, pipeline, closing_count, closing_amount, won_count
                    from checked where scope = 'company'
                ) as company using (period_type, period_start, pipeline)
                where deals <> closing_count or money <> closing_amount or won <> won_count
                """
            ),
            description="The pipelines of all reps, teams and so on add up to the company's.",
            advice="Deals are missing from a scope or counted in two: report it as a fault of Funnelcast.",
            keys=BRIDGE_ROW[:4],
        ),
    )


def _closes(measure: str, word: str) -> Check:
    def total(names: tuple[str, ...]) -> str:
        return " + ".join(f"{name}_{measure}" for name in names)

    change = " + amount_change_amount" if measure == "amount" else ""
    return Check(
        name=f"a_bridge_closes_in_{word}",
        table=BRIDGE,
        rule=NoRows(
            f"""
            select * from checked
            where closing_{measure} is distinct from
                opening_{measure} + {total(ARRIVALS)} - ({total(DEPARTURES)}){change}
            """
        ),
        description=f"What a period opened with, what came and what went make its close, in {word}.",
        advice=FAULT,
        keys=BRIDGE_ROW,
    )


def _between_the_two() -> tuple[Check, ...]:
    return (
        Check(
            name="the_bridge_closes_with_the_open_movements",
            table=BRIDGE,
            rule=NoRows(
                f"""
                select period_type, period_start, pipeline from (
                    select period_type, period_start, pipeline, closing_count, closing_amount
                    from checked where scope = 'company'
                ) as bridge
                full join (
                    select period_type, period_start, pipeline, count(amount_at_end) as deals,
                        coalesce(sum(amount_at_end), 0) as money
                    from {MOVEMENT} group by all
                ) as movement using (period_type, period_start, pipeline)
                where coalesce(closing_count, 0) <> coalesce(deals, 0) or coalesce(closing_amount, 0) <> coalesce(money, 0)
                """
            ),
            description="The bridge closes with the deals whose movement leaves them open.",
            advice=FAULT,
            keys=BRIDGE_ROW[:3],
        ),
        Check(
            name="the_bridge_closes_as_the_day_does",
            table=BRIDGE,
            rule=NoRows(
                """
                select period_type, period_start, pipeline from (
                    select period_type, period_start, pipeline, closing_count, closing_amount,
                        least(period_end, (select as_of from config.run)) as date_day
                    from checked where scope = 'company'
                ) as bridge
                inner join (
                    select date_day, pipeline, sum(open_count) as deals, sum(open_amount) as money
                    from marts.fct_pipeline_daily group by all
                ) as daily using (date_day, pipeline)
                where closing_count <> deals or closing_amount <> money
                """
            ),
            description="Every period of the bridge closes with what the waterfall shows on its last day.",
            advice=FAULT,
            keys=BRIDGE_ROW[:3],
        ),
    )
