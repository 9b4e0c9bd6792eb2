"""The dimensions: days, stages, people, accounts and leads, each once; stages that can be ordered."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, InSet, NoRows, NotBefore, NotNull, UniqueTogether

SETTINGS, DATES, STAGES, REPS, ACCOUNTS, LEADS = (
    "marts.dim_company_settings",
    "marts.dim_date",
    "marts.dim_stage",
    "marts.dim_rep",
    "marts.dim_account",
    "marts.dim_lead",
)
STAGE = ("source_system", "pipeline", "stage")
PHASES = ("prospecting", "qualification", "engagement", "closing", "won", "lost")
FAULT = "A model joined to more rows than it should: report it as a fault of Funnelcast."


def group() -> Group:
    """The checks of this file."""
    return Group("dimensions", (_settings(), *_dates(), *_stages(), *_members()))


def _settings() -> Check:
    return Check(
        name="the_settings_are_this_builds",
        table=SETTINGS,
        rule=NoRows(
            """
            select run.as_of from config.run as run
            where (select list((as_of, timezone)) from checked) is distinct from [(run.as_of, run.timezone)]
            """
        ),
        description="The company's settings are one row, and those that this build was made by.",
        advice="Report it as a fault of Funnelcast.",
        keys=("as_of",),
    )


def _dates() -> tuple[Check, ...]:
    return (
        Check(
            name="a_day_is_one_row",
            table=DATES,
            rule=UniqueTogether(("date_day",)),
            description="The calendar has each day once.",
            advice=FAULT,
            keys=("date_day",),
        ),
        Check(
            name="the_calendar_has_no_gap",
            table=DATES,
            rule=NoRows(
                """
                select *
                from (select date_day, lead(date_day) over (order by date_day) as next_day from checked)
                where next_day > date_day + 1
                """
            ),
            description="The calendar has every day from its first to its last.",
            advice="Reports by day would skip some: report it as a fault of Funnelcast.",
            keys=("date_day",),
        ),
        Check(
            name="the_calendar_reaches_what_is_spoken_of",
            table=DATES,
            rule=NoRows(
                """
                select told.what, told.date_day
                from (
                    select 'forecast' as what, unnest([period_start, period_end]) as date_day from marts.fct_forecast
                    union
                    select 'target', unnest([period_start, period_end]) from intermediate.int_target
                    union
                    select 'expected close', expected_close_on from marts.fct_opportunity
                    where status = 'open' and expected_close_on > (select as_of from config.run)
                ) as told
                cross join (select min(date_day) as first_day, max(date_day) as last_day from checked) as reach
                where told.date_day <= (select as_of + interval 10 year from config.run)
                    and (told.date_day between reach.first_day and reach.last_day) is distinct from true
                """
            ),
            description="The calendar has the days of every forecast, target and expected close of the ten years to come.",
            advice="What is joined to the calendar would be left out of sums: report it as a fault of Funnelcast.",
            keys=("what", "date_day"),
        ),
        Check(
            name="the_calendar_marks_the_as_of_day",
            table=DATES,
            rule=NoRows(
                """
                select run.as_of as date_day from config.run as run
                where (select list(date_day) from checked where is_as_of) is distinct from [run.as_of]
                """
            ),
            description="The calendar marks one day, the one this build is as of.",
            advice="Report it as a fault of Funnelcast.",
            keys=("date_day",),
        ),
    )


def _stages() -> tuple[Check, ...]:
    return (
        Check(
            name="a_stage_is_one_row",
            table=STAGES,
            rule=UniqueTogether(STAGE),
            description="Each stage of a pipeline is defined once.",
            advice="A stage has two definitions: see `pipelines` in the config, and the CRM's stage table.",
            keys=STAGE,
        ),
        Check(
            name="a_stage_belongs_to_a_phase",
            table=STAGES,
            rule=InSet("phase", PHASES),
            description=f"Every stage belongs to one of the phases {', '.join(PHASES)}.",
            advice="Give the stage one of these phases in the config's `pipelines`.",
            keys=STAGE,
        ),
        Check(
            name="a_stage_is_open_won_or_lost_by_its_phase",
            table=STAGES,
            rule=NoRows(
                """
                select * from checked
                where phase is not null and (
                    is_won is distinct from (phase = 'won')
                    or is_lost is distinct from (phase = 'lost')
                    or is_open is distinct from (phase not in ('won', 'lost'))
                )
                """
            ),
            description="A stage is won, lost or open as its phase says.",
            advice="Compare the stage's phase in the config with the CRM's is-closed and is-won.",
            keys=STAGE,
        ),
        Check(
            name="a_stage_has_its_place",
            table=STAGES,
            rule=NotNull("stage_order"),
            description="Every stage has its place in the order of its pipeline.",
            advice="Add the stage to its pipeline in the config, where it belongs in the order.",
            keys=STAGE,
        ),
        Check(
            name="open_stages_come_before_closed_ones",
            table=STAGES,
            rule=NoRows(
                """
                select * from checked
                where is_open and defined_by in ('config', 'crm', 'canonical') and stage_order >= (
                    select min(closed.stage_order) from checked as closed
                    where not closed.is_open and closed.source_system = checked.source_system
                        and closed.pipeline = checked.pipeline and closed.defined_by = checked.defined_by
                )
                """
            ),
            description="In every pipeline the open stages come before won and lost.",
            advice="A deal there would never count as advanced: put the stages in order in the config.",
            keys=STAGE,
            severity="warn",
        ),
        Check(
            name="a_stage_probability_is_a_share",
            table=STAGES,
            rule=Between("default_probability", 0, 1),
            description="A stage's probability lies between 0 and 1.",
            advice="Write 10 per cent as 0.1 in the config.",
            keys=STAGE,
        ),
    )


def _members() -> tuple[Check, ...]:
    members = [
        ("a_rep", REPS, "rep_id", "person"),
        ("an_account", ACCOUNTS, "account_id", "account"),
        ("a_lead", LEADS, "lead_id", "lead"),
    ]
    checks = []
    for name, table, key, word in members:
        keys = ("source_system", key)
        once, filled = f"Each {word} is counted once.", f"Every {word} has an id."
        checks += [
            Check(f"{name}_is_one_row", table, UniqueTogether(keys), once, FAULT, keys),
            Check(f"{name}_has_an_id", table, NotNull(key), filled, FAULT, keys),
        ]
    return (
        *checks,
        Check(
            name="people_left_after_they_came",
            table=REPS,
            rule=NotBefore(later="ended_on", earlier="started_on"),
            description="Nobody left before they started.",
            advice="Correct the dates in the CRM or in the roster.",
            keys=("source_system", "rep_id"),
            severity="warn",
        ),
        Check(
            name="leads_converted_after_they_came",
            table=LEADS,
            rule=NotBefore(later="converted_at", earlier="created_at"),
            description="No lead was converted before it was created.",
            advice="Correct the dates in the CRM; times between the two are not counted for these leads.",
            keys=("source_system", "lead_id"),
            severity="warn",
        ),
    )
