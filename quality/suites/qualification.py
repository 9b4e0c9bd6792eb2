"""rpt_qualification_tier: every lead and account in one tier of each score, and rates that follow from the counts."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows, UniqueTogether

TABLE = "marts.rpt_qualification_tier"
ROW = ("subject", "score", "tier")
FAULT = "Report it as a fault of Funnelcast."


def group() -> Group:
    """The checks of this file."""
    return Group(
        "qualification",
        (
            Check(
                name="a_tier_is_one_row",
                table=TABLE,
                rule=UniqueTogether(ROW),
                description="Each tier of a score has one row.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="tiers_hold_every_lead_once",
                table=TABLE,
                rule=NoRows(
                    """
                    select score from checked where subject = 'lead' group by score
                    having sum(subjects) <> (
                        select count(distinct (source_system, lead_id)) from marts.dim_lead where lead_id is not null
                    )
                    """
                ),
                description="The tiers of a score hold every lead once.",
                advice=FAULT,
                keys=("score",),
            ),
            Check(
                name="a_tiers_won_are_among_those_with_an_opportunity",
                table=TABLE,
                rule=NoRows(
                    """
                    select * from checked
                    where won + lost > with_opportunity or with_opportunity > subjects or least(won, lost) < 0
                    """
                ),
                description="Of a tier, those won or lost had an opportunity.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="a_tiers_rate_lies_in_its_interval",
                table=TABLE,
                rule=NoRows(
                    """
                    select * from checked
                    where (won_rate between won_rate_low and won_rate_high) is distinct from true
                        or abs(won_rate - won / subjects) > 0.0000011
                    """
                ),
                description="A tier's won rate is won divided by all, and lies within its interval.",
                advice=FAULT,
                keys=ROW,
            ),
        ),
    )
