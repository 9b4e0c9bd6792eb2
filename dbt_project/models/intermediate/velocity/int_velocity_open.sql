-- One row per period (or its same first days) and scope: the deals that were open at any moment of it, and the seconds that deals were open in it.
-- No deal meets a period in which it neither began nor ended: what is open when a period begins is open all of it, less what ends in it.
-- A view: one model reads it, once.
{{ config(materialized='view') }}
with period as (

    select * from {{ ref('int_velocity_period') }}

),

stay as (

    select * from {{ ref('int_velocity_stay') }}

),

segment as (

    select * from {{ ref('int_segment') }}

),

scope as (

    select * from {{ ref('int_velocity_scope') }}

),

-- Of a deal that was open more than once, the periods of each type from the first to the last of each stay.
stay_number as (

    select
        stay.opportunity_key, stay.segment_key, first_one.period_type, first_one.is_same_days,
        first_one.period_number as first_number,
        -- What ended after the last of them was open to its end.
        coalesce(last_one.period_number, 2147483647) as last_number
    from stay
    inner join period as first_one on stay.began_at >= first_one.counts_from and stay.began_at < first_one.end_at
    left join period as last_one
        on first_one.period_type = last_one.period_type and first_one.is_same_days = last_one.is_same_days
        and stay.ended_at >= last_one.start_at and stay.ended_at < last_one.end_at
    where stay.stays > 1 and (stay.ended_at is null or stay.ended_at >= first_one.start_at)

),

-- One that was open twice in one period is counted once: its later stay begins after all that came before.
apart as (

    select
        segment_key, period_type, is_same_days, last_number,
        greatest(first_number, coalesce(max(last_number) over (
            partition by opportunity_key, period_type, is_same_days order by first_number, last_number
            rows between unbounded preceding and 1 preceding
        ) + 1, first_number)) as first_number
    from stay_number

),

-- entering counts from its period on, leaving from the one after; seconds are those until the period's end.
step as (

    select
        period.period_type, period.is_same_days, period.period_number, stay.segment_key,
        count(*) as began, 0 as ended, sum({{ seconds_between('greatest(stay.began_at, period.known_from)', 'period.end_at') }}) as seconds,
        sum(case when stay.stays = 1 then 1 else 0 end) as entering, 0 as leaving
    from stay
    inner join period on stay.began_at >= period.counts_from and stay.began_at < period.end_at
    where stay.ended_at is null or stay.ended_at >= period.start_at
    group by period.period_type, period.is_same_days, period.period_number, stay.segment_key

    union all

    select
        period.period_type, period.is_same_days, period.period_number, stay.segment_key,
        0, count(*), -sum({{ seconds_between('greatest(stay.ended_at, period.known_from)', 'period.end_at') }}),
        0, sum(case when stay.stays = 1 then 1 else 0 end)
    from stay
    inner join period on stay.ended_at >= period.start_at and stay.ended_at < period.end_at
    group by period.period_type, period.is_same_days, period.period_number, stay.segment_key

    union all

    select period_type, is_same_days, first_number, segment_key, 0, 0, 0, 1, 0
    from apart
    where first_number <= last_number

    union all

    select period_type, is_same_days, last_number, segment_key, 0, 0, 0, 0, 1
    from apart
    where first_number <= last_number and last_number < 2147483647

),

step_by_scope as (

    select
        step.period_type, step.is_same_days, step.period_number,
        segment.scope, segment.scope_id,
        sum(step.began) as began, sum(step.ended) as ended, sum(step.seconds) as seconds, sum(step.entering) as entering,
        sum(step.leaving) as leaving
    from step
    inner join segment on step.segment_key = segment.segment_key
    group by step.period_type, step.is_same_days, step.period_number, segment.scope, segment.scope_id

),

told as (

    select
        period.period_type, period.period_start, period.is_same_days, period.period_number, scope.scope, scope.scope_id,
        {{ seconds_between('period.known_from', 'period.end_at') }} as period_seconds,
        coalesce(step_by_scope.began, 0) - coalesce(step_by_scope.ended, 0) as change,
        coalesce(step_by_scope.seconds, 0) as seconds,
        coalesce(step_by_scope.entering, 0) as entering,
        coalesce(step_by_scope.leaving, 0) as leaving
    from period
    cross join scope
    left join step_by_scope
        on period.period_type = step_by_scope.period_type and period.is_same_days = step_by_scope.is_same_days
        and period.period_number = step_by_scope.period_number
        and scope.scope = step_by_scope.scope and scope.scope_id = step_by_scope.scope_id

)

select
    period_type,
    period_start,
    is_same_days,
    scope,
    scope_id,
    cast(sum(entering - leaving) over up_to_now + leaving as bigint) as open_in_period,
    cast((sum(change) over up_to_now - change) * period_seconds + seconds as bigint) as open_seconds,
    period_seconds
from told
window up_to_now as (
    partition by period_type, is_same_days, scope, scope_id order by period_number rows between unbounded preceding and current row
)
