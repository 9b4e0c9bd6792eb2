"""fct_activity_daily: what each person did each day, counted once."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows, NotNull, UniqueTogether
from quality.thresholds import Thresholds

TABLE = "marts.fct_activity_daily"
ROW = ("source_system", "rep_id", "activity_date")
DOINGS = (
    "emails_sent",
    "emails_replied",
    "calls",
    "meetings_booked",
    "meetings_held",
    "tasks",
)
COUNTS = (
    *DOINGS,
    "leads_created",
    "emails_delivered",
    "emails_opened",
    "emails_machine_opened",
    "emails_clicked",
    "emails_bounced",
    "emails_dropped",
    "opportunities_created",
    "opportunities_won",
)


def group(thresholds: Thresholds) -> Group:
    """The checks of this file."""
    days = int(thresholds.silent_days)
    return Group(
        "activity",
        (
            Check(
                name="a_day_of_a_person_is_one_row",
                table=TABLE,
                rule=UniqueTogether(ROW),
                description="Each person's day has one row.",
                advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
                keys=ROW,
            ),
            Check(
                name="activity_has_its_day",
                table=TABLE,
                rule=NotNull("activity_date"),
                description="Every row of activity has its day.",
                advice="Report it as a fault of Funnelcast.",
                keys=ROW,
            ),
            Check(
                name="activity_counts_are_not_negative",
                table=TABLE,
                rule=NoRows(f"select * from checked where least({', '.join(COUNTS)}) < 0"),
                description="No count of activity is negative.",
                advice="Report it as a fault of Funnelcast.",
                keys=ROW,
            ),
            Check(
                name="no_activity_lies_after_the_as_of_day",
                table=TABLE,
                rule=NoRows("select * from checked where activity_date > (select as_of from config.run)"),
                description="No activity lies after the day that this build is as of.",
                advice="Look for meetings and tasks that are planned, not done, in the activity extract.",
                keys=ROW,
            ),
            _no_more_than("leads_created", "lead", "marts.dim_lead", "lead_id"),
            _no_more_than("opportunities_created", "opportunity", "marts.fct_opportunity", "opportunity_id"),
            Check(
                name="fewer_mails_are_opened_than_sent",
                table=TABLE,
                rule=NoRows(
                    """
                    select source_system, rep_id from checked group by all
                    having sum(emails_opened) > sum(emails_sent) and sum(emails_sent) > 0
                    """
                ),
                description="Over time nobody's mails are opened more often than they were sent.",
                advice="Opens count once for each mail: events of sending may be missing from the extract.",
                keys=("source_system", "rep_id"),
                severity="warn",
            ),
            Check(
                name="what_is_opened_was_sent",
                table="intermediate.int_email_event_judged",
                rule=NoRows(
                    f"""
                    select source_system, event_id from checked
                    where event_type in ('opened', 'clicked', 'replied') and not is_known_sent
                        and (
                            select count(*) filter (where event_type = 'sent') > 0
                                and count(*) filter (where event_type in ('opened', 'clicked', 'replied') and not is_known_sent)
                                > greatest({thresholds.tolerated_rows}, {thresholds.unsent_share} * count(*))
                            from checked
                        )
                    """
                ),
                description=f"Of the mails that were opened, clicked or answered, all but {thresholds.unsent_share:.0%} were sent.",
                advice="Events of sending are missing: rates of opens and replies are too high until they are delivered.",
                keys=("source_system", "event_id"),
                severity="warn",
            ),
            Check(
                name="activity_has_not_stopped",
                table=TABLE,
                rule=NoRows(
                    f"""
                    select max(activity_date) as last_day from checked
                    where greatest({", ".join(DOINGS)}) > 0
                    having max(activity_date) < (select as_of - {days} from config.run)
                    """
                ),
                description=f"Somebody called, wrote or met within the last {days} days.",
                advice="The extract of activities or mails may have stopped on the day named.",
                keys=("last_day",),
                severity="warn",
            ),
        ),
    )


def _no_more_than(column: str, thing: str, table: str, key: str) -> Check:
    """A count over all people and days is at most the things there are, unless a join multiplied them."""
    return Check(
        name=f"activity_counts_no_{thing}_twice",
        table=TABLE,
        rule=NoRows(
            f"""
            select source_system
            from (select source_system, sum({column}) as counted from checked group by all)
            left join (
                select source_system, count(distinct {key}) as known from {table} group by all
            ) using (source_system)
            where counted > coalesce(known, 0)
            """
        ),
        description=f"No {thing} is counted twice in what people did.",
        advice="A model joined to more rows than it should: report it as a fault of Funnelcast.",
        keys=("source_system",),
    )
