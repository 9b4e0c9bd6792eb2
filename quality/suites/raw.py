"""Raw: the delivered files, and the raw views of what was delivered."""

from __future__ import annotations

from collections.abc import Sequence

from quality.build_database import DeliveredObject
from quality.checks import Check, Group
from quality.rules import NoRows, NotNull
from quality.thresholds import Thresholds

FILES = "accounting.delivered_file"
CHANGES = "marts.ops_schema_change"
FILE = ("system", "object", "file")

# The column without which a row of an object is nothing. Objects that are not named here have an `id`.
RECORD_KEYS = {
    ("generic", "user"): "user_id",
    ("generic", "account"): "account_id",
    ("generic", "lead"): "lead_id",
    ("generic", "opportunity"): "opportunity_id",
    ("generic", "opportunity_line"): "opportunity_id",
    ("generic", "product"): "product_id",
    ("generic", "stage_history"): "opportunity_id",
    ("generic", "activity"): "activity_id",
    ("generic", "email_event"): "event_id",
    ("generic", "target"): "metric",
    ("generic", "fx_rate"): "currency",
    ("generic", "person_match"): "record_id",
    ("generic", "company_match"): "record_id",
    ("instantly", "event"): "event_type",
    ("instantly", "campaign_step_analytics"): "sent",
    ("salesforce", "opportunity_stage"): "master_label",
    ("hubspot", "deal"): "deal_id",
    ("hubspot", "deal_stage"): "deal_id",
    ("hubspot", "deal_property_history"): "deal_id",
    ("hubspot", "deal_pipeline"): "pipeline_id",
    ("hubspot", "deal_pipeline_stage"): "stage_id",
    ("hubspot", "merged_deal"): "deal_id",
    ("hubspot", "deal_company"): "deal_id",
    ("hubspot", "deal_contact"): "deal_id",
    ("hubspot", "owner"): "owner_id",
    ("hubspot", "owner_team"): "owner_id",
    ("hubspot", "engagement_email"): "engagement_id",
    ("hubspot", "engagement_call"): "engagement_id",
    ("hubspot", "engagement_meeting"): "engagement_id",
    ("hubspot", "engagement_task"): "engagement_id",
    ("hubspot", "engagement_deal"): "engagement_id",
    ("hubspot", "engagement_contact"): "engagement_id",
    ("hubspot", "engagement_company"): "engagement_id",
    ("hubspot", "line_item_deal"): "line_item_id",
}


def group(thresholds: Thresholds, delivered: Sequence[DeliveredObject]) -> Group:
    """The checks of files, and one of each delivered object."""
    objects = tuple(_id_is_there(thresholds, found) for found in delivered)
    return Group("raw", (*_file_checks(thresholds, delivered), *_schema_checks(), *objects))


def _file_checks(thresholds: Thresholds, delivered: Sequence[DeliveredObject]) -> tuple[Check, ...]:
    few, share = thresholds.tolerated_rows, thresholds.quarantined_share
    return (
        Check(
            name="no_delivered_file_was_refused",
            table=FILES,
            rule=NoRows("select * from checked where outcome = 'refused'"),
            description="Every delivered file could be read.",
            advice="Its reason is in the table ops_file: deliver the file again, whole, and run again.",
            keys=FILE,
        ),
        Check(
            name="no_delivered_file_was_ignored",
            table=FILES,
            rule=NoRows("select * from checked where outcome = 'ignored'"),
            description="Every delivered file was of use.",
            advice="Its reason is in the table ops_file: move the file, or name it as the others are named.",
            keys=FILE,
            severity="warn",
        ),
        Check(
            name="rows_of_a_file_are_loaded_or_quarantined",
            table=FILES,
            rule=NoRows(
                """
                select * from checked
                where (outcome in ('loaded', 'superseded') or rows_delivered is not null)
                    and rows_delivered is distinct from rows_loaded + rows_quarantined
                """
            ),
            description="Of every delivered file, each row was either loaded or put into quarantine.",
            advice="Rows were lost while reading: keep the file, and report it as a fault of Funnelcast.",
            keys=FILE,
        ),
        Check(
            name="few_rows_are_quarantined",
            table=FILES,
            rule=NoRows(
                f"""
                select * from (
                    select checked.*, checked.rows_quarantined - coalesce(repaired.rows_repaired, 0) as rows_outstanding
                    from checked
                    left join (
                        select system, object, file, count(distinct row_number) as rows_repaired
                        from accounting.repaired_row
                        join marts.ops_set_aside using (system, object, file, found_in, row_number)
                        where found_in = 'landing' group by all
                    ) as repaired using (system, object, file)
                ) as told
                where outcome = 'loaded' and rows_outstanding > 0
                    and (rows_loaded = 0 or rows_outstanding > greatest({few}, {share} * rows_delivered))
                """
            ),
            description=f"Of every delivered file, at most {share:.1%} of the rows could not be read and were not repaired since.",
            advice="`funnelcast quarantine` lists them (docs/runbook.md): deliver them repaired, or the export again.",
            keys=FILE,
        ),
        Check(
            name="raw_holds_what_was_loaded",
            table=FILES,
            rule=NoRows(_raw_differs(delivered)),
            description="The raw store holds exactly the rows loaded from each file, and their lines.",
            advice="A raw file was changed or deleted: deliver the named file again.",
            keys=FILE,
        ),
    )


def _schema_checks() -> tuple[Check, ...]:
    keys = (*FILE, "column_name")
    return (
        Check(
            name="no_required_column_was_removed",
            table=CHANGES,
            rule=NoRows("select * from checked where change = 'removed' and is_required"),
            description="No extract has lost a column without which its rows are of no use.",
            advice="Deliver the file with this column, or name the one that replaced it in the config's `columns`.",
            keys=keys,
        ),
        Check(
            name="no_column_in_use_was_removed",
            table=CHANGES,
            rule=NoRows(
                """
                select * from checked
                where change = 'removed' and not is_required and declared_as is not null and is_newest
                """
            ),
            description="No extract has lost a column that the tables use.",
            advice="Its values are missing from this delivery on: ask for the column, or map its new name in the config.",
            keys=keys,
            severity="warn",
        ),
        Check(
            name="columns_hold_the_kind_of_value_they_held",
            table=CHANGES,
            rule=NoRows("select * from checked where change = 'type changed' and is_newest"),
            description="What were numbers, times or flags in the last extract still are.",
            advice="See the table ops_schema_change: the export may write numbers or dates in another form now.",
            keys=keys,
            severity="warn",
        ),
    )


def _id_is_there(thresholds: Thresholds, delivered: DeliveredObject) -> Check:
    key = RECORD_KEYS.get((delivered.system, delivered.object), "id")
    return Check(
        name=f"{delivered.system}_{delivered.object}_rows_have_their_id",
        table=delivered.raw_view,
        rule=NotNull(key, share=1 - thresholds.missing_key_share),
        description=f"Nearly every row of {delivered.object} from {delivered.system} has its {key}.",
        advice=f"Look at the column {key} of the export: another one may stand in its place.",
        keys=("_file", "_row"),
    )


def _raw_differs(delivered: Sequence[DeliveredObject]) -> str:
    """SQL for the files whose rows in the raw views are not as many as were loaded.

    A file that was delivered again under its name stands in raw twice, as both are kept.
    """
    views = [
        f"""
        select '{found.system}' as system, '{found.object}' as object, _file as file,
            count(*) filter (where _row is not null and _extracted_at is not null) as rows_found
        from {found.raw_view} group by all
        """
        for found in delivered
    ]
    none = "select '' as system, '' as object, '' as file, 0 as rows_found where false"
    return f"""
        select * from (
            select system, object, file, sum(rows_loaded) as rows_loaded from checked
            where outcome in ('loaded', 'superseded') group by all
        ) as loaded
        full join ({" union all ".join(views) or none}) as found using (system, object, file)
        where coalesce(loaded.rows_loaded, 0) <> coalesce(found.rows_found, 0)
    """
