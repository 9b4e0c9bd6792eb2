"""fct_velocity: win rate, deal size, cycle and velocity of a period and scope follow from each other."""

from __future__ import annotations

from quality.checks import Check, Group
from quality.rules import Between, NoRows, UniqueTogether

TABLE = "marts.fct_velocity"
ROW = ("period_type", "period_start", "scope", "scope_id")
FAULT = "A number of the velocity table is wrong: report it as a fault of Funnelcast."
# Half a unit of the sixth decimal place for each of the rounded numbers that are compared.
ROUNDING = "0.000003"


def group() -> Group:
    """The checks of this file."""
    return Group("velocity", (*_counts(), *_rates(), *_velocity(), *_totals()))


def _counts() -> tuple[Check, ...]:
    return (
        Check(
            name="a_velocity_period_is_one_row",
            table=TABLE,
            rule=UniqueTogether(ROW),
            description="Each period of a team, person or segment is told once.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="closed_deals_were_won_or_lost",
            table=TABLE,
            rule=NoRows("select * from checked where closed is distinct from won + lost"),
            description="The deals closed in a period are those won and those lost.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="velocity_counts_are_not_negative",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where least(opportunities, won, lost, closed, won_without_amount) < 0
                    or least(won_amount, lost_amount) < 0
                """
            ),
            description="No count or amount of the velocity table is negative.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="closed_deals_were_open_in_their_period",
            table=TABLE,
            rule=NoRows("select * from checked where closed > opportunities"),
            description="No more deals were closed in a period than were open at any moment of it.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _rates() -> tuple[Check, ...]:
    return (
        Check(
            name="a_win_rate_on_nothing_is_empty",
            table=TABLE,
            rule=NoRows("select * from checked where (closed = 0) is distinct from (win_rate is null)"),
            description="A win rate is empty when no deal was closed, and only then.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_win_rate_is_won_of_closed",
            table=TABLE,
            rule=NoRows("select * from checked where closed > 0 and abs(win_rate - won / closed) > 0.0000011"),
            description="A win rate is the deals won divided by the deals closed.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_win_rate_lies_in_its_interval",
            table=TABLE,
            rule=NoRows(
                """
                select * from checked
                where win_rate is not null
                    and (win_rate between win_rate_low and win_rate_high) is distinct from true
                """
            ),
            description="A win rate lies within its interval.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_win_rate_by_amount_is_a_share",
            table=TABLE,
            rule=Between("win_rate_by_amount", 0, 1),
            description="A win rate by amount lies between 0 and 1.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_sales_cycle_is_not_negative",
            table=TABLE,
            rule=Between("sales_cycle_days", minimum=0),
            description="No sales cycle is negative.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _velocity() -> tuple[Check, ...]:
    return (
        Check(
            name="velocity_is_what_its_factors_make",
            table=TABLE,
            rule=NoRows(
                """
                -- The factors are published rounded: their product is not the velocity to the last digit.
                select * from (
                    select *, opportunities * win_rate * average_deal_size / sales_cycle_days as product
                    from checked where sales_cycle_days > 0.01
                )
                where abs(velocity_per_day - product) > 0.01 + 0.001 * abs(product)
                """
            ),
            description="Velocity is opportunities × win rate × average deal size ÷ sales cycle.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="a_change_of_velocity_is_the_difference",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from checked
                where abs(velocity_change - (velocity_per_day - previous_velocity_per_day)) > {ROUNDING}
                """
            ),
            description="The change of velocity is this period's less the last one's.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="contributions_add_up_to_the_change_of_velocity",
            table=TABLE,
            rule=NoRows(
                f"""
                select * from checked
                where abs(
                    velocity_change - (
                        contribution_opportunities + contribution_win_rate + contribution_deal_size
                        + contribution_sales_cycle
                    )
                ) > {ROUNDING}
                """
            ),
            description="What the four factors contributed adds up to the change of velocity.",
            advice=FAULT,
            keys=ROW,
        ),
    )


def _totals() -> tuple[Check, ...]:
    return (
        Check(
            name="scopes_add_up_to_the_company",
            table=TABLE,
            rule=NoRows(
                """
                select period_type, period_start, scope
                from (select * exclude (scope) from checked where scope = 'company') as company
                cross join (select distinct scope from checked where scope <> 'company') as scopes
                left join (
                    select period_type, period_start, scope, sum(won) as scope_won, sum(lost) as scope_lost
                    from checked group by all
                ) as part using (period_type, period_start, scope)
                where coalesce(scope_won, 0) <> won or coalesce(scope_lost, 0) <> lost
                """
            ),
            description="Deals won and lost by all reps, teams, pipelines and so on add up to the company's.",
            advice="Deals are missing from a scope or counted in two: report it as a fault of Funnelcast.",
            keys=("period_type", "period_start", "scope"),
        ),
        Check(
            name="months_add_up_to_the_year",
            table=TABLE,
            rule=NoRows(
                """
                select year.* from (select * from checked where period_type = 'year') as year
                where (year.won, year.lost) is distinct from (
                    select (coalesce(sum(month.won), 0), coalesce(sum(month.lost), 0))
                    from checked as month
                    where month.period_type = 'month' and month.scope = year.scope
                        and month.scope_id is not distinct from year.scope_id
                        and month.period_start >= year.period_start
                        and month.period_start < year.period_start + interval 1 year
                )
                """
            ),
            description="Deals won and lost in the months of a year add up to the year's.",
            advice=FAULT,
            keys=ROW,
        ),
    )
