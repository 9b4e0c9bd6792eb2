-- One row per period (or its same first days) and scope in which a deal closed: how many were won and lost, for how much, after how long.
-- A view: one model reads it, once.
{{ config(materialized='view') }}
with period as (

    select * from {{ ref('int_velocity_period') }}

),

deal as (

    select * from {{ ref('int_velocity_deal') }} where status in ('won', 'lost')

),

segment as (

    select * from {{ ref('int_segment') }}

),

closed as (

    select
        period.period_type, period.period_start, period.is_same_days, deal.segment_key, deal.status, deal.amount, deal.sales_cycle_days
    from deal
    inner join period on deal.closed_at >= period.start_at and deal.closed_at < period.end_at

),

closed_by_combination as (

    select
        period_type, period_start, is_same_days, segment_key,
        sum(case when status = 'won' then 1 else 0 end) as won,
        sum(case when status = 'lost' then 1 else 0 end) as lost,
        sum(case when status = 'won' then amount end) as won_amount,
        sum(case when status = 'lost' then amount end) as lost_amount,
        sum(case when status = 'won' and amount is null then 1 else 0 end) as won_without_amount,
        sum(sales_cycle_days) as cycle_days,
        count(sales_cycle_days) as cycles
    from closed
    group by period_type, period_start, is_same_days, segment_key

),

closed_by_scope as (

    select
        closed_by_combination.period_type, closed_by_combination.period_start, closed_by_combination.is_same_days,
        segment.scope, segment.scope_id,
        sum(closed_by_combination.won) as won,
        sum(closed_by_combination.lost) as lost,
        sum(closed_by_combination.won_amount) as won_amount,
        sum(closed_by_combination.lost_amount) as lost_amount,
        sum(closed_by_combination.won_without_amount) as won_without_amount,
        sum(closed_by_combination.cycle_days) / cast(nullif(sum(closed_by_combination.cycles), 0) as double) as sales_cycle_days
    from closed_by_combination
    inner join segment on closed_by_combination.segment_key = segment.segment_key
    group by
        closed_by_combination.period_type, closed_by_combination.period_start, closed_by_combination.is_same_days,
        segment.scope, segment.scope_id

),

-- Quantiles do not add up: they are of the won deals one by one.
cycle_by_scope as (

    select
        closed.period_type, closed.period_start, closed.is_same_days, segment.scope, segment.scope_id,
        {{ quantiles('closed.sales_cycle_days', [0.5, 0.9]) }} as sales_cycle_quantiles
    from closed
    inner join segment on closed.segment_key = segment.segment_key
    where closed.sales_cycle_days is not null
    group by closed.period_type, closed.period_start, closed.is_same_days, segment.scope, segment.scope_id

)

select
    closed_by_scope.period_type,
    closed_by_scope.period_start,
    closed_by_scope.is_same_days,
    closed_by_scope.scope,
    closed_by_scope.scope_id,
    closed_by_scope.won,
    closed_by_scope.lost,
    closed_by_scope.won_amount,
    closed_by_scope.lost_amount,
    closed_by_scope.won_without_amount,
    closed_by_scope.sales_cycle_days,
    {{ element('cycle_by_scope.sales_cycle_quantiles', 1) }} as sales_cycle_days_median,
    {{ element('cycle_by_scope.sales_cycle_quantiles', 2) }} as sales_cycle_days_p90
from closed_by_scope
left join cycle_by_scope
    on closed_by_scope.period_type = cycle_by_scope.period_type and closed_by_scope.period_start = cycle_by_scope.period_start
    and closed_by_scope.is_same_days = cycle_by_scope.is_same_days
    and closed_by_scope.scope = cycle_by_scope.scope
    and closed_by_scope.scope_id = cycle_by_scope.scope_id
