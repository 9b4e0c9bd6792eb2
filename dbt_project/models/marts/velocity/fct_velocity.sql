-- One row per period and scope: the four factors of sales velocity, the velocity, and what each factor did to its change.
with period as (

    select * from {{ ref('int_period') }}

),

segment as (

    select * from {{ ref('int_opportunity_segment') }}

),

open_span as (

    select * from {{ ref('int_open_span') }}

),

opportunity as (

    select * from {{ ref('fct_opportunity') }}

),

rep as (

    select * from {{ ref('dim_rep') }}

),

-- Every scope has every period, and every rep is a scope: one without a deal is counted, with nulls.
scope as (

    select
        case segment_dimension when 'all' then 'company' else segment_dimension end as scope,
        segment_value as scope_id,
        min(segment_name) as scope_name
    from (
        select segment_dimension, segment_value, segment_name from segment
        union
        select 'rep', rep_id, name from rep where not is_placeholder
        union
        select 'all', 'all', 'all'
    )
    group by segment_dimension, segment_value

),

opened as (

    -- Open at any moment of the period. The moment of closing counts: what closes in a period was open in it,
    -- also where no history tells of the time before.
    select period.period_type, period.period_start, open_span.source_system, open_span.opportunity_id
    from open_span
    inner join period
        on open_span.opened_at < period.end_at
        and (open_span.ended_at is null or open_span.ended_at >= period.start_at)

    union

    select period.period_type, period.period_start, opportunity.source_system, opportunity.opportunity_id
    from opportunity
    inner join period on opportunity.closed_at >= period.start_at and opportunity.closed_at < period.end_at
    where opportunity.status in ('won', 'lost')

),

opened_by_scope as (

    select
        opened.period_type, opened.period_start,
        case segment.segment_dimension when 'all' then 'company' else segment.segment_dimension end as scope,
        segment.segment_value as scope_id,
        count(*) as opportunities
    from opened
    inner join segment on opened.source_system = segment.source_system and opened.opportunity_id = segment.opportunity_id
    group by opened.period_type, opened.period_start, segment.segment_dimension, segment.segment_value

),

closed_by_scope as (

    select
        period.period_type, period.period_start,
        case segment.segment_dimension when 'all' then 'company' else segment.segment_dimension end as scope,
        segment.segment_value as scope_id,
        sum(case when opportunity.status = 'won' then 1 else 0 end) as won,
        sum(case when opportunity.status = 'lost' then 1 else 0 end) as lost,
        sum(case when opportunity.status = 'won' then opportunity.amount end) as won_amount,
        sum(case when opportunity.status = 'lost' then opportunity.amount end) as lost_amount,
        sum(case when opportunity.status = 'won' and opportunity.amount is null then 1 else 0 end) as won_without_amount,
        avg(opportunity.sales_cycle_days) as sales_cycle_days,
        {{ quantile('opportunity.sales_cycle_days', 0.5) }} as sales_cycle_days_median,
        {{ quantile('opportunity.sales_cycle_days', 0.9) }} as sales_cycle_days_p90
    from opportunity
    inner join period on opportunity.closed_at >= period.start_at and opportunity.closed_at < period.end_at
    inner join segment
        on opportunity.source_system = segment.source_system and opportunity.opportunity_id = segment.opportunity_id
    where opportunity.status in ('won', 'lost')
    group by period.period_type, period.period_start, segment.segment_dimension, segment.segment_value

),

factor as (

    select
        period.period_type,
        period.period_start,
        period.period_end,
        period.is_complete,
        scope.scope,
        scope.scope_id,
        scope.scope_name,
        coalesce(opened_by_scope.opportunities, 0) as opportunities,
        coalesce(closed_by_scope.won, 0) as won,
        coalesce(closed_by_scope.lost, 0) as lost,
        coalesce(closed_by_scope.won, 0) + coalesce(closed_by_scope.lost, 0) as closed,
        closed_by_scope.won_amount,
        closed_by_scope.lost_amount,
        coalesce(closed_by_scope.won_without_amount, 0) as won_without_amount,
        closed_by_scope.won / cast(nullif(closed_by_scope.won + closed_by_scope.lost, 0) as double) as win_rate,
        cast(closed_by_scope.won_amount as double)
            / nullif(closed_by_scope.won - closed_by_scope.won_without_amount, 0) as average_deal_size,
        closed_by_scope.sales_cycle_days,
        closed_by_scope.sales_cycle_days_median,
        closed_by_scope.sales_cycle_days_p90
    from period
    cross join scope
    left join opened_by_scope
        on period.period_type = opened_by_scope.period_type and period.period_start = opened_by_scope.period_start
        and scope.scope = opened_by_scope.scope and scope.scope_id = opened_by_scope.scope_id
    left join closed_by_scope
        on period.period_type = closed_by_scope.period_type and period.period_start = closed_by_scope.period_start
        and scope.scope = closed_by_scope.scope and scope.scope_id = closed_by_scope.scope_id

),

velocity as (

    select
        *,
        1 / nullif(sales_cycle_days, 0) as pace,
        cast(round(opportunities * win_rate * average_deal_size / nullif(sales_cycle_days, 0), 4) as decimal(18, 4)) as velocity_per_day
    from factor

),

compared as (

    select
        *,
        lag(velocity_per_day) over by_period as previous_velocity_per_day,
        lag(opportunities) over by_period as previous_opportunities,
        lag(win_rate) over by_period as previous_win_rate,
        lag(average_deal_size) over by_period as previous_deal_size,
        lag(pace) over by_period as previous_pace
    from velocity
    window by_period as (partition by period_type, scope, scope_id order by period_start)

),

-- The change of a product of four, split by Shapley's value: each factor's effect, averaged over the orders in which they could have changed.
split as (

    select
        *,
        velocity_per_day - previous_velocity_per_day as velocity_change,
        cast(round({{ shapley_share_of_product(
            'opportunities', 'previous_opportunities',
            [('win_rate', 'previous_win_rate'), ('average_deal_size', 'previous_deal_size'), ('pace', 'previous_pace')]
        ) }}, 4) as decimal(18, 4)) as contribution_opportunities,
        cast(round({{ shapley_share_of_product(
            'win_rate', 'previous_win_rate',
            [('opportunities', 'previous_opportunities'), ('average_deal_size', 'previous_deal_size'), ('pace', 'previous_pace')]
        ) }}, 4) as decimal(18, 4)) as contribution_win_rate,
        cast(round({{ shapley_share_of_product(
            'average_deal_size', 'previous_deal_size',
            [('opportunities', 'previous_opportunities'), ('win_rate', 'previous_win_rate'), ('pace', 'previous_pace')]
        ) }}, 4) as decimal(18, 4)) as contribution_deal_size
    from compared

)

select
    period_type,
    period_start,
    period_end,
    is_complete,
    scope,
    scope_id,
    scope_name,
    cast(opportunities as bigint) as opportunities,
    cast(won as bigint) as won,
    cast(lost as bigint) as lost,
    cast(closed as bigint) as closed,
    round(win_rate, 6) as win_rate,
    {{ wilson_low('won', 'closed') }} as win_rate_low,
    {{ wilson_high('won', 'closed') }} as win_rate_high,
    cast(won_amount as decimal(18, 2)) as won_amount,
    cast(lost_amount as decimal(18, 2)) as lost_amount,
    round(
        cast(coalesce(won_amount, case when lost_amount is not null then 0 end) as double)
        / nullif(coalesce(won_amount, 0) + coalesce(lost_amount, 0), 0), 6
    ) as win_rate_by_amount,
    cast(won_without_amount as bigint) as won_without_amount,
    cast(round(average_deal_size, 2) as decimal(18, 2)) as average_deal_size,
    round(sales_cycle_days, 6) as sales_cycle_days,
    round(sales_cycle_days_median, 6) as sales_cycle_days_median,
    round(sales_cycle_days_p90, 6) as sales_cycle_days_p90,
    velocity_per_day,
    previous_velocity_per_day,
    cast(velocity_change as decimal(18, 4)) as velocity_change,
    contribution_opportunities,
    contribution_win_rate,
    contribution_deal_size,
    -- The last takes what rounding leaves (less than a tenth of a cent), so that the four add up exactly.
    cast(velocity_change - contribution_opportunities - contribution_win_rate - contribution_deal_size as decimal(18, 4))
        as contribution_sales_cycle
from split
