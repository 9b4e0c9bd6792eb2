"""fct_pipeline_daily: the waterfall of every day and stage, which closes exactly, in deals and money."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows, UniqueTogether

TABLE = "marts.fct_pipeline_daily"
ROW = ("date_day", "source_system", "pipeline", "stage")
STAGE = ROW[1:]
# Unknown before changes of the expected close date are told; least() passes over a null.
MOVED = ("slipped", "pushed", "pulled_in")
FAULT = "The waterfall does not close: report it as a fault of Funnelcast."
ARRIVALS = ("created", "advanced_in", "moved_back_in", "transferred_in", "reopened")
DEPARTURES = ("advanced_out", "moved_back_out", "transferred_out", "won", "lost", "deleted")


def group() -> Group:
    """The checks of this file."""
    return Group(
        "pipeline",
        (*_rows(), *_waterfall("count", "deals"), *_waterfall("amount", "money"), *_against_opportunities()),
    )


def _rows() -> tuple[Check, ...]:
    counts = ", ".join(f"{name}_count" for name in ("opening", *ARRIVALS, *DEPARTURES, "open", *MOVED))
    return (
        Check(
            name="a_day_of_a_stage_is_one_row",
            table=TABLE,
            rule=UniqueTogether(ROW),
            description="Each day of a stage has one row.",
            advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
            keys=ROW,
        ),
        Check(
            name="pipeline_days_have_no_gap",
            table=TABLE,
            rule=NoRows(
                """
                select * from (
                    select
                        date_day, source_system, pipeline, stage,
                        lead(date_day, 1, (select as_of + 1 from config.run)) over (
                            partition by source_system, pipeline, stage order by date_day
                        ) as next_day
                    from checked
                )
                where next_day > date_day + 1 or date_day > (select as_of from config.run)
                """
            ),
            description="Every stage has a row for each day from its first to the day this build is as of.",
            advice="Days on which nothing happened must be there too: report it as a fault of Funnelcast.",
            keys=ROW,
        ),
        Check(
            name="pipeline_counts_are_not_negative",
            table=TABLE,
            rule=NoRows(f"select * from checked where least({counts}) < 0"),
            description="No count of the waterfall is negative.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _waterfall(measure: str, word: str) -> tuple[Check, ...]:
    def total(names: tuple[str, ...]) -> str:
        return " + ".join(f"{name}_{measure}" for name in names)

    change = " + amount_change_amount" if measure == "amount" else ""
    return (
        Check(
            name=f"a_pipeline_day_closes_in_{word}",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from checked
                where open_{measure} is distinct from
                    opening_{measure} + {total(ARRIVALS)} - ({total(DEPARTURES)}){change}
                """
            ),
            description=f"What a stage opened with, what came and what went make its close, in {word}.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name=f"a_pipeline_day_opens_as_the_last_one_closed_in_{word}",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from (
                    select
                        *,
                        lag(open_{measure}, 1, 0) over (
                            partition by source_system, pipeline, stage order by date_day
                        ) as closed_with
                    from checked
                )
                where opening_{measure} is distinct from closed_with
                """
            ),
            description=f"Every stage opens a day with what it closed the day before with, in {word}.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name=f"what_leaves_a_stage_arrives_in_another_in_{word}",
            table=TABLE,
            rule=NoRows(
                f"""
                select date_day, source_system from checked group by all
                having sum(advanced_in_{measure} + moved_back_in_{measure} + transferred_in_{measure})
                    <> sum(advanced_out_{measure} + moved_back_out_{measure} + transferred_out_{measure})
                """
            ),
            description=f"What moves out of a stage in a day moves into another, in {word}.",
            advice=FAULT,
            keys=("date_day", "source_system"),
        ),
    )


def _against_opportunities() -> tuple[Check, ...]:
    # Where deals count as created from a later stage on, an open one may not be in the pipeline yet.
    def differs(measure: str, total: str) -> str:
        return f"""
            select source_system, pipeline, stage
            from (
                select source_system, pipeline, stage, {total} as told from marts.fct_opportunity
                where status = 'open' and pipeline not in (select pipeline from config.created_from_stage) group by all
            )
            full join (
                select source_system, pipeline, stage, open_{measure} as counted from checked
                where date_day = (select as_of from config.run)
                    and pipeline not in (select pipeline from config.created_from_stage)
            ) using (source_system, pipeline, stage)
            where coalesce(told, 0) <> coalesce(counted, 0)
        """

    return (
        Check(
            name="the_last_pipeline_day_is_the_open_opportunities_in_deals",
            table=TABLE,
            rule=NoRows(differs("count", "count(distinct opportunity_id)")),
            description="The last day of the waterfall has as many open deals in each stage as there are.",
            advice=FAULT,
            keys=STAGE,
        ),
        Check(
            name="the_last_pipeline_day_is_the_open_opportunities_in_money",
            table=TABLE,
            rule=NoRows(differs("amount", "sum(amount)")),
            description="The last day of the waterfall has the open deals' money in each stage.",
            advice=FAULT,
            keys=STAGE,
        ),
    )
