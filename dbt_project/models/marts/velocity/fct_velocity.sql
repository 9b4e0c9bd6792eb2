-- One row per period and scope: the four factors of sales velocity, the velocity, and what each factor did to its change.
with period as (

    select * from {{ ref('int_period') }}

),

velocity_period as (

    select * from {{ ref('int_velocity_period') }} where not is_same_days

),

factor as (

    select * from {{ ref('int_velocity_factor') }}

),

compared as (

    select
        factor.*,
        earlier.period_start as previous_start,
        earlier.last_day as previous_end,
        earlier.velocity_per_day as previous_velocity_per_day,
        earlier.opportunities as previous_opportunities,
        earlier.win_rate as previous_win_rate,
        earlier.average_deal_size as previous_deal_size,
        earlier.pace as previous_pace
    from factor
    inner join velocity_period
        on factor.period_type = velocity_period.period_type and factor.period_start = velocity_period.period_start
    left join factor as earlier
        on velocity_period.period_type = earlier.period_type and velocity_period.previous_start = earlier.period_start
        and velocity_period.previous_is_same_days = earlier.is_same_days
        and factor.scope = earlier.scope and factor.scope_id = earlier.scope_id
    where not factor.is_same_days

),

-- The change of a product of four, split by Shapley's value: each factor's effect, averaged over the orders in which they could have changed.
split as (

    select
        *,
        velocity_per_day - previous_velocity_per_day as velocity_change,
        cast(round({{ shapley_share_of_product(
            'opportunities', 'previous_opportunities',
            [('win_rate', 'previous_win_rate'), ('average_deal_size', 'previous_deal_size'), ('pace', 'previous_pace')]
        ) }}, 4) as {{ money_type(4) }}) as contribution_opportunities,
        cast(round({{ shapley_share_of_product(
            'win_rate', 'previous_win_rate',
            [('opportunities', 'previous_opportunities'), ('average_deal_size', 'previous_deal_size'), ('pace', 'previous_pace')]
        ) }}, 4) as {{ money_type(4) }}) as contribution_win_rate,
        cast(round({{ shapley_share_of_product(
            'average_deal_size', 'previous_deal_size',
            [('opportunities', 'previous_opportunities'), ('win_rate', 'previous_win_rate'), ('pace', 'previous_pace')]
        ) }}, 4) as {{ money_type(4) }}) as contribution_deal_size
    from compared

)

select
    split.period_type,
    split.period_start,
    period.period_end,
    period.is_complete,
    period.incomplete_reason,
    split.scope,
    split.scope_id,
    split.scope_name,
    round(split.opportunities, 6) as opportunities,
    cast(split.open_in_period as bigint) as open_in_period,
    round(split.mean_open, 6) as mean_open,
    cast(split.won as bigint) as won,
    cast(split.lost as bigint) as lost,
    cast(split.closed as bigint) as closed,
    round(split.win_rate, 6) as win_rate,
    {{ wilson_low('split.won', 'split.closed') }} as win_rate_low,
    {{ wilson_high('split.won', 'split.closed') }} as win_rate_high,
    cast(split.won_amount as {{ money_type() }}) as won_amount,
    cast(split.lost_amount as {{ money_type() }}) as lost_amount,
    round(
        cast(coalesce(split.won_amount, case when split.lost_amount is not null then 0 end) as double)
        / nullif(coalesce(split.won_amount, 0) + coalesce(split.lost_amount, 0), 0), 6
    ) as win_rate_by_amount,
    cast(split.won_without_amount as bigint) as won_without_amount,
    cast(round(split.average_deal_size, 2) as {{ money_type() }}) as average_deal_size,
    round(split.sales_cycle_days, 6) as sales_cycle_days,
    round(split.sales_cycle_days_median, 6) as sales_cycle_days_median,
    round(split.sales_cycle_days_p90, 6) as sales_cycle_days_p90,
    split.velocity_per_day,
    split.previous_start,
    split.previous_end,
    split.previous_velocity_per_day,
    cast(split.velocity_change as {{ money_type(4) }}) as velocity_change,
    split.contribution_opportunities,
    split.contribution_win_rate,
    split.contribution_deal_size,
    -- The last takes what rounding leaves (less than a tenth of a cent), so that the four add up exactly.
    cast(split.velocity_change - split.contribution_opportunities - split.contribution_win_rate - split.contribution_deal_size as {{ money_type(4) }})
        as contribution_sales_cycle
from split
inner join period on split.period_type = period.period_type and split.period_start = period.period_start
