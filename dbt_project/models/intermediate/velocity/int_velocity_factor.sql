-- One row per period (or its same first days) and scope, dense: the four factors of velocity, unrounded, and the velocity.
-- By Little's law (1961) as many deals leave a day as are open on average ÷ the days that they stay: that many × win rate × deal size is money per day,
-- of one size whatever the period. Deals open at any moment grow with the period; they are the factor where definitions.velocity_opportunities says so.
with period as (

    select * from {{ ref('int_velocity_period') }}

),

scope as (

    select * from {{ ref('int_velocity_scope') }}

),

open_deal as (

    select * from {{ ref('int_velocity_open') }}

),

closed_deal as (

    select * from {{ ref('int_velocity_closed') }}

),

definition as (

    select velocity_opportunities from {{ source('config', 'definition') }}

),

factor as (

    select
        period.period_type,
        period.period_start,
        period.is_same_days,
        period.last_day,
        scope.scope,
        scope.scope_id,
        scope.scope_name,
        coalesce(open_deal.open_in_period, 0) as open_in_period,
        coalesce(open_deal.open_seconds / cast(nullif(open_deal.period_seconds, 0) as double), 0) as mean_open,
        coalesce(closed_deal.won, 0) as won,
        coalesce(closed_deal.lost, 0) as lost,
        coalesce(closed_deal.won, 0) + coalesce(closed_deal.lost, 0) as closed,
        closed_deal.won_amount,
        closed_deal.lost_amount,
        coalesce(closed_deal.won_without_amount, 0) as won_without_amount,
        closed_deal.won / cast(nullif(closed_deal.won + closed_deal.lost, 0) as double) as win_rate,
        cast(closed_deal.won_amount as double) / nullif(closed_deal.won - closed_deal.won_without_amount, 0) as average_deal_size,
        closed_deal.sales_cycle_days,
        closed_deal.sales_cycle_days_median,
        closed_deal.sales_cycle_days_p90
    from period
    cross join scope
    left join open_deal
        on period.period_type = open_deal.period_type and period.period_start = open_deal.period_start
        and period.is_same_days = open_deal.is_same_days and scope.scope = open_deal.scope and scope.scope_id = open_deal.scope_id
    left join closed_deal
        on period.period_type = closed_deal.period_type and period.period_start = closed_deal.period_start
        and period.is_same_days = closed_deal.is_same_days and scope.scope = closed_deal.scope and scope.scope_id = closed_deal.scope_id

),

chosen as (

    select
        factor.*,
        case definition.velocity_opportunities when 'open_in_period' then cast(factor.open_in_period as double) else factor.mean_open end
            as opportunities,
        1 / nullif(factor.sales_cycle_days, 0) as pace
    from factor
    cross join definition

)

select
    *,
    cast(round(opportunities * win_rate * average_deal_size * pace, 4) as {{ money_type(4) }}) as velocity_per_day
from chosen
