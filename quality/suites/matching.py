"""Who is who across systems: every record is one person's or company's, and every event has one row."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import InSet, NoRows, NotNull, UniqueTogether
from quality.thresholds import Thresholds

OVERLAP, DIFFERENCES = "marts.ops_event_overlap", "marts.ops_field_history_difference"
FAULT = "A model joined to more rows than it should: report it as a fault of Funnelcast."
LOST = "A record was lost between its extract and the map of people: report it as a fault of Funnelcast."
RECORD = ("source_system", "object", "record_id")


def group(thresholds: Thresholds) -> Group:
    """The checks of this file."""
    return Group(
        "matching",
        (
            *_map(
                "person",
                "people",
                ("lead", "contact", "user"),
                ("corrected", "merged", "converted", "email", "alone"),
                thresholds,
            ),
            *_map("company", "companies", ("account",), ("corrected", "merged", "domain", "alone"), thresholds),
            *_members(),
            Check(
                name="an_event_is_counted_or_repeats_another",
                table=OVERLAP,
                rule=NoRows(
                    """
                    select * from checked
                    where events is distinct from repeated_by_message + repeated_by_minute + repeated_by_meeting + counted
                        or least(events, repeated_by_message, repeated_by_minute, repeated_by_meeting, counted) < 0
                    """
                ),
                description="Every e-mail event and meeting counts, or repeats one that another system reports.",
                advice="Report it as a fault of Funnelcast.",
                keys=("told_by", "event_type"),
            ),
            Check(
                name="two_histories_of_a_deal_agree",
                table=DIFFERENCES,
                rule=NoRows(
                    f"select * from checked where (select count(*) from checked) > {int(thresholds.tolerated_rows)}"
                ),
                description="The CRM's history of fields and its history of deals report the same changes, but for a handful.",
                advice="The tables follow the history of deals: see ops_field_history_difference, and which extract has a gap.",
                keys=("source_system", "opportunity_id", "field"),
                severity="warn",
            ),
        ),
    )


def _map(
    thing: str, things: str, objects: tuple[str, ...], reasons: tuple[str, ...], thresholds: Thresholds
) -> tuple[Check, ...]:
    table, dimension, key = f"marts.dim_{thing}_record", f"marts.dim_{thing}", f"{thing}_id"
    few, share = int(thresholds.tolerated_rows), thresholds.match_conflict_share
    a_thing = "a_person" if thing == "person" else "a_company"
    return (
        Check(f"{a_thing}_is_one_row", dimension, UniqueTogether((key,)), f"Each {thing} has one row.", FAULT, (key,)),
        Check(f"a_record_is_one_{thing}s", table, UniqueTogether(RECORD), f"Each record is one {thing}'s.", FAULT, RECORD),
        Check(f"a_record_has_its_{thing}", table, NotNull(key), f"Each record is some {thing}'s.", FAULT, RECORD),
        Check(
            name=f"a_record_of_{a_thing}_says_what_it_is",
            table=table,
            rule=InSet("object", objects),
            description=f"Each record of {things} is of a kind that is matched: {', '.join(objects)}.",
            advice=FAULT,
            keys=RECORD,
        ),
        Check(
            name=f"a_match_of_{a_thing}_says_why",
            table=table,
            rule=NoRows(
                f"select * from checked where coalesce(match_reason, '') not in ({', '.join(repr(reason) for reason in reasons)})"
            ),
            description=f"Each match of {things} says why: {', '.join(reasons)}.",
            advice=FAULT,
            keys=RECORD,
        ),
        Check(
            name=f"{a_thing}_of_a_record_that_is_there_is_told",
            table=table,
            rule=NoRows(
                f"""
                select checked.* from checked left join {dimension} as known using ({key})
                where not checked.is_deleted and known.{key} is null
                """
            ),
            description=f"The {thing} of every record that is not deleted is in the list of {things}.",
            advice=LOST,
            keys=RECORD,
        ),
        Check(
            name=f"{a_thing}_has_as_many_records_as_are_told",
            table=dimension,
            rule=NoRows(
                f"""
                select checked.* from checked left join (
                    select {key}, count(*) as found from {table} where not is_deleted group by all
                ) as told using ({key})
                where {"records" if thing == "person" else "accounts"} is distinct from coalesce(told.found, 0)
                """
            ),
            description=f"Each {thing} has as many records as it says.",
            advice=FAULT,
            keys=(key,),
        ),
        Check(
            name=f"few_matches_of_{things}_are_in_conflict",
            table=table,
            rule=NoRows(
                f"""
                select * from checked
                where has_conflict and (select count(*) from checked where has_conflict)
                    > greatest({few}, {share} * (select count(*) from checked))
                """
            ),
            description=f"Of few records two things say whose they are, and not the same {thing}.",
            advice=f"Decide them in the sheet generic/{thing}_match (docs/matching.md says how).",
            keys=RECORD,
            severity="warn",
        ),
    )


def _members() -> tuple[Check, ...]:
    return (
        Check(
            name="a_lead_is_somebodys_record",
            table="marts.dim_lead",
            rule=NotNull("person_id"),
            description="Every lead is some person's.",
            advice=LOST,
            keys=("source_system", "lead_id"),
        ),
        Check(
            name="one_lead_stands_for_a_person",
            table="marts.dim_lead",
            rule=NoRows(
                """
                select person_id from checked group by person_id
                having sum(case when is_primary_record then 1 else 0 end) <> 1 and person_id is not null
                """
            ),
            description="Of the leads of one person, one stands for all, so that people are counted once.",
            advice=FAULT,
            keys=("person_id",),
        ),
        Check(
            name="a_user_is_somebodys_record",
            table="marts.dim_rep",
            rule=NoRows("select * from checked where person_id is null and not is_placeholder"),
            description="Every user is some person's.",
            advice=LOST,
            keys=("source_system", "rep_id"),
        ),
        Check(
            name="an_account_is_somebodys_record",
            table="marts.dim_account",
            rule=NoRows("select * from checked where company_id is null and not is_placeholder"),
            description="Every account is some company's.",
            advice=LOST,
            keys=("source_system", "account_id"),
        ),
    )
