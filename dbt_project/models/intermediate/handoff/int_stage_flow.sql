-- One row per visit of an open stage and period (month, quarter) at whose end it was still going on, or in which it ended.
-- minutes_in_period is the part of the visit that lies in the period. Visits meet only the periods they touch the end of: nothing is
-- joined to a calendar that it was not open in.
with stage_visit as (

    select * from {{ ref('int_stage_visit') }} where phase is null or phase not in ('won', 'lost')

),

owner as (

    select * from {{ ref('int_opportunity_owner') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }} where deleted_at is null

),

period as (

    select * from {{ ref('int_period') }} where period_type in ('month', 'quarter')

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

visit as (

    select
        stage_visit.pipeline,
        stage_visit.stage,
        coalesce(owner.team, '(none)') as team,
        owner.pod,
        stage_visit.entered_at,
        stage_visit.exited_at,
        cast({{ dbt.date_trunc('month', local_day('stage_visit.entered_at')) }} as date) as entered_month,
        cast({{ dbt.date_trunc('month', local_day('stage_visit.exited_at')) }} as date) as exited_month
    from stage_visit
    cross join run
    inner join opportunity
        on stage_visit.source_system = opportunity.source_system and stage_visit.opportunity_id = opportunity.opportunity_id
    inner join owner
        on stage_visit.source_system = owner.source_system and stage_visit.opportunity_id = owner.opportunity_id

),

month as (

    select * from period where period_type = 'month'

),

-- A quarter ends with its last month; a month that is not over ends at T, as its quarter does.
month_end as (

    select
        month.period_start as month_start, period.period_type, period.period_start, period.start_at, period.end_at
    from month
    inner join period on month.end_at = period.end_at

),

ended as (

    select
        visit.pipeline, visit.stage, visit.team, visit.pod, period.period_type, period.period_start, true as is_ended,
        {{ minutes_between('visit.entered_at', 'visit.exited_at') }} as age_minutes,
        {{ minutes_between('greatest(visit.entered_at, period.start_at)', 'visit.exited_at') }} as minutes_in_period
    from visit
    inner join period
        on case
            when period.period_type = 'month' then visit.exited_month
            else cast({{ dbt.date_trunc('quarter', 'visit.exited_month') }} as date)
        end = period.period_start

),

-- Still going on when a month ended: that is so of each month from its first to before its last.
going_on as (

    select visit.*, month.period_start as month_start
    from visit
    inner join month
        on month.period_start >= visit.entered_month and (visit.exited_month is null or month.period_start < visit.exited_month)
    where visit.exited_month is null or visit.exited_month > visit.entered_month

)

select pipeline, stage, team, pod, period_type, period_start, is_ended, age_minutes, minutes_in_period
from ended

union all

select
    going_on.pipeline,
    going_on.stage,
    going_on.team,
    going_on.pod,
    month_end.period_type,
    month_end.period_start,
    false,
    {{ minutes_between('going_on.entered_at', 'month_end.end_at') }},
    {{ minutes_between('greatest(going_on.entered_at, month_end.start_at)', 'month_end.end_at') }}
from going_on
inner join month_end on going_on.month_start = month_end.month_start
