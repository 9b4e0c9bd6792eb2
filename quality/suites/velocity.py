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
            description="Each period of a team, person or segment has one row.",
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
                where least(opportunities, open_in_period, mean_open, won, lost, closed, won_without_amount) < 0
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
            rule=NoRows("select * from checked where closed > open_in_period"),
            description="No more deals were closed in a period than were open at any moment of it.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="no_more_deals_are_open_on_average_than_at_any_moment",
            table=TABLE,
            rule=NoRows("select * from checked where mean_open > open_in_period + 0.000001"),
            description="The mean number of open deals is not larger than the number of those open at any moment of the period.",
            advice=FAULT,
            keys=ROW,
        ),
        Check(
            name="opportunities_of_velocity_are_what_the_config_says",
            table=TABLE,
            rule=NoRows(
                """
                select checked.* from checked
                cross join config.definition as definition
                where opportunities is distinct from
                    case definition.velocity_opportunities when 'open_in_period' then open_in_period else mean_open end
                """
            ),
            description="The opportunities of velocity are the mean number open, or those open at any moment where the config says so.",
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
            name="velocity_is_compared_with_as_many_days",
            table=TABLE,
            rule=NoRows(
                """
                -- What is over, with the whole period before; what is not, with as many first days of it, or all if it has fewer.
                select checked.* from checked
                join checked as earlier
                    on checked.period_type = earlier.period_type and checked.scope = earlier.scope
                    and checked.scope_id = earlier.scope_id and checked.previous_start = earlier.period_start
                cross join (select as_of from config.run) as run
                where checked.previous_start is not null and (
                    earlier.period_end + 1 is distinct from checked.period_start
                    or checked.previous_end is distinct from least(
                        earlier.period_end,
                        case when checked.period_end <= run.as_of then earlier.period_end
                            else checked.previous_start + cast(run.as_of - checked.period_start as integer) end
                    )
                    or (checked.previous_end = earlier.period_end
                        and checked.previous_velocity_per_day is distinct from earlier.velocity_per_day)
                )
                """
            ),
            description="A period is compared with the one before it, and one that is not over with as many first days of it.",
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
            description="The change of velocity is this period's less that of what it is compared with.",
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
