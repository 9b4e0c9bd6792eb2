"""Staging: what became of every raw row. One that is lost here is missing everywhere."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows
from quality.thresholds import Thresholds

ROWS = "intermediate.int_row_accounting"
SET_ASIDE = "marts.ops_set_aside"
FILE = ("system", "object", "file")


def group(thresholds: Thresholds) -> Group:
    """The checks of this file."""
    few, share = thresholds.tolerated_rows, thresholds.set_aside_share
    return Group(
        "staging",
        (
            Check(
                name="raw_rows_are_staged_repeated_or_set_aside",
                table=ROWS,
                rule=NoRows(
                    """
                    select * from checked
                    where rows_raw is distinct from rows_loaded + rows_duplicate + rows_set_aside
                    """
                ),
                description="Each raw row was used, counted as a repeat, or set aside with its reason.",
                advice="Rows were lost or doubled in staging: report it as a fault of Funnelcast.",
                keys=FILE,
            ),
            Check(
                name="staging_saw_every_loaded_row",
                table=ROWS,
                rule=NoRows(
                    """
                    select * from (
                        select system, object, file, sum(rows_loaded) as rows_loaded
                        from accounting.delivered_file where outcome in ('loaded', 'superseded') group by all
                    ) as loaded
                    left join (
                        select system, object, file, sum(rows_raw) as rows_raw from checked group by all
                    ) as staged using (system, object, file)
                    where coalesce(loaded.rows_loaded, 0) <> coalesce(staged.rows_raw, 0)
                    """
                ),
                description="Staging saw every row that was loaded from each file.",
                advice="Rows were lost between raw and staging: report it as a fault of Funnelcast.",
                keys=FILE,
            ),
            Check(
                name="few_rows_are_set_aside",
                table=ROWS,
                rule=NoRows(
                    f"""
                    select system, object from (
                        select system, object, rows_raw, rows_set_aside - coalesce(rows_repaired, 0) as rows_outstanding
                        from (
                            select system, object, sum(rows_raw) as rows_raw, sum(rows_set_aside) as rows_set_aside
                            from checked group by all
                        ) as staged
                        left join (
                            select system, object, count(*) as rows_repaired
                            from accounting.repaired_row
                            join marts.ops_set_aside using (system, object, file, found_in, row_number)
                            where found_in = 'staging' group by all
                        ) as repaired using (system, object)
                    ) as told
                    where rows_outstanding > 0
                        and (rows_outstanding = rows_raw or rows_outstanding > greatest({few}, {share} * rows_raw))
                    """
                ),
                description=f"Of every object, at most {share:.1%} of the rows are set aside and were not repaired since.",
                advice="`funnelcast quarantine` lists rows and reasons: have them corrected at the source, or deliver them repaired.",
                keys=("system", "object"),
            ),
            Check(
                name="no_id_is_delivered_twice_with_different_content",
                table=SET_ASIDE,
                rule=NoRows(
                    f"""
                    select * from checked where problem like 'id appears%'
                    qualify count(*) over () > {thresholds.contradicting_rows}
                    """
                ),
                description="No extract reports two different things of one record.",
                advice="Nobody knows which is true: have the export repaired, or add its updated-at.",
                keys=("system", "object", "file", "row_number"),
            ),
        ),
    )
