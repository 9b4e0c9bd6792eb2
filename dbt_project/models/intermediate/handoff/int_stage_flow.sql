-- One row per visit of an open stage and period (month, quarter, fiscal quarter) at whose end it was still going on, or in which it ended.
-- minutes_in_period is the part of the visit that lies in the period. Visits meet only the periods they touch the end of: nothing is
-- joined to a calendar that it was not open in.
-- A view: one model reads it, once, and to write it would cost more than to make it.
{{ config(materialized='view') }}
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

stage as (

    select * from {{ ref('int_stage') }} where is_open

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

opportunity as (

    select * from {{ ref('int_opportunity') }} where deleted_at is null

),

period as (

    select * from {{ ref('int_period') }}
    where period_type in ('month', 'quarter') or (period_type = 'fiscal_quarter' and not is_repeat)

),

visit as (

    select stage_visit.stage_key, opportunity_cut.segment_key, stage_visit.entered_at, stage_visit.exited_at
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    inner join opportunity on stage_visit.opportunity_key = opportunity.opportunity_key
    inner join opportunity_cut on stage_visit.opportunity_key = opportunity_cut.opportunity_key

),

month as (

    select * from period where period_type = 'month'

),

-- Months follow each other without a gap: moments are compared with their bounds, which needs no calendar of the company for each.
ended as (

    select visit.*, month.period_start as month_start
    from visit
    inner join month on visit.exited_at >= month.start_at and visit.exited_at < month.end_at

),

-- Still going on when a month ended: those it began before the end of, and ended at it or after.
going_on as (

    select visit.*, month.period_start as month_start
    from visit
    inner join month on visit.entered_at < month.end_at and (visit.exited_at is null or visit.exited_at >= month.end_at)

),

-- A month is part of its quarter, and a quarter ends with its last month; a month that is not over ends at T, as its quarter does.
period_of_month as (

    select
        month.period_start as month_start, period.period_type, period.period_start, period.start_at, period.end_at,
        month.end_at = period.end_at as is_last_month
    from month
    inner join period on month.start_at >= period.start_at and month.end_at <= period.end_at

)

select
    ended.stage_key,
    ended.segment_key,
    period_of_month.period_type,
    period_of_month.period_start,
    true as is_ended,
    cast({{ minutes_between('ended.entered_at', 'ended.exited_at') }} as integer) as age_minutes,
    {{ minutes_between('greatest(ended.entered_at, period_of_month.start_at)', 'ended.exited_at') }} as minutes_in_period
from ended
inner join period_of_month on ended.month_start = period_of_month.month_start

union all

select
    going_on.stage_key,
    going_on.segment_key,
    period_of_month.period_type,
    period_of_month.period_start,
    false,
    cast({{ minutes_between('going_on.entered_at', 'period_of_month.end_at') }} as integer),
    {{ minutes_between('greatest(going_on.entered_at, period_of_month.start_at)', 'period_of_month.end_at') }}
from going_on
inner join period_of_month on going_on.month_start = period_of_month.month_start and period_of_month.is_last_month
