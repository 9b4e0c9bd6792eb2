"""rpt_metric_change: differences that are differences, segments that add up, and no significance without a test."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import NoRows

TABLE = "marts.rpt_metric_change"
ROW = ("period_type", "comparison", "metric", "pipeline", "stage", "scope", "scope_id")
FAULT = "Report it as a fault of Funnelcast."


def group() -> Group:
    """The checks of this file."""
    return Group(
        "change",
        (
            Check(
                name="a_change_is_one_row",
                table=TABLE,
                # Most changes are of no pipeline or stage; Great Expectations' own expectation takes no null for another.
                rule=NoRows(f"select * from checked qualify count(*) over (partition by {', '.join(ROW)}) > 1"),
                description="Each change of a metric has one row.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="a_change_is_the_difference_of_its_values",
                table=TABLE,
                rule=NoRows(
                    """
                    select * from checked
                    where abs(difference - (value - before_value)) > 0.0000021 + 1e-12 * (abs(value) + abs(before_value))
                        or (difference is null) is distinct from (value is null or before_value is null)
                    """
                ),
                description="A change is the value less the one before.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="segments_explain_the_companys_change",
                table=TABLE,
                rule=NoRows(
                    """
                    select part.* from (
                        select period_type, comparison, metric, pipeline, stage, scope, sum(contribution) as explained
                        from checked where scope <> 'company' and contribution is not null group by all
                    ) as part
                    join checked as company
                        on company.scope = 'company' and company.period_type = part.period_type
                        and company.comparison = part.comparison and company.metric = part.metric
                        and company.pipeline is not distinct from part.pipeline and company.stage is not distinct from part.stage
                    where part.explained is distinct from company.difference
                    """
                ),
                description="What the segments contributed adds up to the company's change exactly.",
                advice=FAULT,
                keys=("period_type", "comparison", "metric", "stage", "scope"),
            ),
            Check(
                name="a_contribution_is_own_and_mix",
                table=TABLE,
                rule=NoRows("select * from checked where contribution is distinct from contribution_own + contribution_mix"),
                description="A contribution is that of the segment's own value and that of its share.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="nothing_is_significant_without_a_test",
                table=TABLE,
                rule=NoRows(
                    """
                    select * from checked
                    where (is_significant is null) is distinct from (p_adjusted is null)
                        or (is_significant is null) is distinct from (not_judged is not null)
                        or is_significant and p_adjusted > 0.05
                    """
                ),
                description="A change is called significant, or not, by its adjusted p-value; without one the reason is given.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="comparing_many_makes_nothing_surer",
                table=TABLE,
                rule=NoRows("select * from checked where p_adjusted < p_value or not p_adjusted between 0 and 1"),
                description="An adjusted p-value is not below the one it adjusts.",
                advice=FAULT,
                keys=ROW,
            ),
            Check(
                name="a_change_lies_in_its_interval",
                table=TABLE,
                rule=NoRows(
                    """
                    select * from checked
                    where not_judged is null
                        and (difference between difference_low - 0.000002 - 1e-12 * (abs(value) + abs(before_value))
                            and difference_high + 0.000002 + 1e-12 * (abs(value) + abs(before_value))) is distinct from true
                    """
                ),
                description="A change that is judged lies within its interval.",
                advice=FAULT,
                keys=ROW,
            ),
        ),
    )
