"""int_target: targets name somebody and something known, each once; and who has none."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows

TABLE = "intermediate.int_target"
ROW = ("_file", "_row")


def group() -> Group:
    """The checks of this file."""
    return Group(
        "targets",
        (
            Check(
                name="a_target_names_what_is_known",
                table=TABLE,
                rule=NoRows("select * from checked where unknown_cell is not null"),
                description="Every target is of a person, team and metric that is known.",
                advice="Correct the named cell of the sheet: people go by their id, address or full name, teams by name.",
                keys=(*ROW, "unknown_cell"),
            ),
            Check(
                name="targets_do_not_overlap",
                table=TABLE,
                rule=NoRows("select * from checked where is_overlapping"),
                description="Nobody has two targets of one kind for the same days.",
                advice="Remove one of the named rows from the sheet, or correct where its period starts.",
                keys=ROW,
            ),
            Check(
                name="a_quota_is_of_a_period_of_the_company",
                table=TABLE,
                rule=NoRows("select * from checked where is_off_period"),
                description="Quotas begin on the first day of a week, a month, a fiscal quarter or a fiscal year of the company.",
                advice=(
                    "No forecast is held against the named quotas: correct where their period starts, or the fiscal year's start"
                    " and the first day of the week in the config."
                ),
                keys=(*ROW, "period_type", "period_start"),
                severity="warn",
            ),
            Check(
                name="who_has_deals_has_a_quota",
                table=TABLE,
                rule=NoRows(
                    """
                    select distinct deal.source_system, deal.owner_id
                    from (
                        select period_type, period_start, period_end from checked
                        where scope = 'rep' and metric = 'bookings'
                            and (select as_of from config.run) between period_start and period_end
                        group by all
                    ) as period
                    cross join (
                        select distinct opportunity.source_system, opportunity.owner_id
                        from marts.fct_opportunity as opportunity
                        join marts.dim_rep as rep
                            on rep.source_system = opportunity.source_system and rep.rep_id = opportunity.owner_id
                        where opportunity.status = 'open' and not rep.is_placeholder
                            -- Who finds deals for others to close may own some, and has no quota.
                            and coalesce(rep.role, '') in (
                                select coalesce(peer.role, '') from checked
                                join marts.dim_rep as peer
                                    on peer.source_system = checked.rep_source_system and peer.rep_id = checked.scope_id
                                where checked.scope = 'rep' and checked.metric = 'bookings'
                            )
                    ) as deal
                    left join checked as quota
                        on quota.scope = 'rep' and quota.metric = 'bookings' and quota.period_type = period.period_type
                        and quota.period_start = period.period_start
                        and quota.rep_source_system = deal.source_system and quota.scope_id = deal.owner_id
                    where quota.scope_id is null
                    """
                ),
                description="Where others of the same role have a quota, everybody with open deals has one.",
                advice="Add the named people to the sheet of targets; until then nothing is said of their attainment.",
                keys=("source_system", "owner_id"),
                severity="warn",
            ),
        ),
    )
