-- One row per cohort month, pipeline, open stage and segment: the opportunities that first visited the stage, or first skipped past it, in that month.
with stage_entry as (

    select * from {{ ref('int_stage_entry') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

segment as (

    select * from {{ ref('int_segment') }}

),

eventual as (

    select * from {{ ref('int_stage_eventual') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

entry as (

    select
        cast({{ dbt.date_trunc('month', local_day('stage_entry.entered_at')) }} as date) as cohort_month,
        stage_entry.source_system,
        stage_entry.opportunity_id,
        stage_entry.pipeline,
        stage_entry.stage,
        stage_entry.stage_order,
        coalesce(stage_entry.is_visited_first, false) as is_visited,
        stage_entry.advanced_at is not null as has_advanced,
        {{ days_between('stage_entry.entered_at', 'stage_entry.advanced_at') }} as days_to_advance,
        status.status,
        opportunity_cut.segment_key
    from stage_entry
    cross join run
    inner join status
        on stage_entry.source_system = status.source_system and stage_entry.opportunity_id = status.opportunity_id
    inner join opportunity_cut
        on stage_entry.source_system = opportunity_cut.source_system
        and stage_entry.opportunity_id = opportunity_cut.opportunity_id
    -- A deleted deal counts nowhere.
    where status.status <> 'deleted'

),

counted as (

    select
        entry.cohort_month,
        entry.pipeline,
        entry.stage,
        entry.stage_order,
        segment.segment_dimension,
        segment.segment_value,
        count(*) as entered,
        sum(case when entry.is_visited then 1 else 0 end) as visited,
        sum(case when entry.is_visited then 0 else 1 end) as skipped,
        sum(case when entry.has_advanced then 1 else 0 end) as advanced,
        sum(case when not entry.has_advanced and entry.status = 'lost' then 1 else 0 end) as lost,
        sum(case when not entry.has_advanced and entry.status = 'open' then 1 else 0 end) as still_open,
        {{ quantile('entry.days_to_advance', 0.5) }} as median_days_to_advance
    from entry
    inner join segment on entry.segment_key = segment.segment_key
    group by entry.cohort_month, entry.pipeline, entry.stage, entry.stage_order, segment.segment_dimension, segment.segment_value

)

select
    counted.cohort_month,
    counted.pipeline,
    counted.stage,
    cast(stage_order as integer) as stage_order,
    counted.segment_dimension,
    counted.segment_value,
    cast(entered as bigint) as entered,
    cast(visited as bigint) as visited,
    cast(skipped as bigint) as skipped,
    cast(advanced as bigint) as advanced,
    cast(lost as bigint) as lost,
    cast(still_open as bigint) as still_open,
    {{ share('advanced', 'entered') }} as conversion_rate,
    {{ wilson_low('advanced', 'entered') }} as conversion_rate_low,
    {{ wilson_high('advanced', 'entered') }} as conversion_rate_high,
    case when eventual.unresolved <= {{ largest_unresolved() }} then round(eventual.rate, 6) end as eventual_conversion_rate,
    case when eventual.unresolved <= {{ largest_unresolved() }} then
        {{ wilson_low('(eventual.rate * eventual.effective_size)', 'eventual.effective_size') }}
    end as eventual_conversion_rate_low,
    case when eventual.unresolved <= {{ largest_unresolved() }} then
        {{ wilson_high('(eventual.rate * eventual.effective_size)', 'eventual.effective_size') }}
    end as eventual_conversion_rate_high,
    round(eventual.unresolved, 6) as eventual_unresolved,
    case
        when eventual.rate is null then 'nobody has left the stage yet'
        when eventual.unresolved > {{ largest_unresolved() }} then 'too young: too many are still in the stage'
    end as eventual_missing_reason,
    round(median_days_to_advance, 6) as median_days_to_advance
from counted
left join eventual
    on counted.cohort_month = eventual.cohort_month and counted.pipeline = eventual.pipeline and counted.stage = eventual.stage
    and counted.segment_dimension = eventual.segment_dimension and counted.segment_value = eventual.segment_value
