-- One row per cohort month, pipeline, open stage and segment: the opportunities that first visited the stage, or first skipped past it, in that month.
with stage_cohort as (

    select * from {{ ref('int_stage_cohort') }}

),

segment as (

    select * from {{ ref('int_segment') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

eventual as (

    select * from {{ ref('int_stage_eventual') }}

),

-- Counts add up: deals of one combination of values are counted once for all dimensions.
by_combination as (

    select
        cohort_month, stage_key, segment_key,
        count(*) as entered,
        sum(case when is_visited then 1 else 0 end) as visited,
        sum(case when is_visited then 0 else 1 end) as skipped,
        sum(case when outcome = 'advanced' then 1 else 0 end) as advanced,
        sum(case when outcome = 'lost' then 1 else 0 end) as lost,
        sum(case when outcome = 'open' then 1 else 0 end) as still_open
    from stage_cohort
    group by cohort_month, stage_key, segment_key

),

-- Numbers group millions of rows faster than names. A stage of one name in two systems' pipelines of one name is one row.
numbered_stage as (

    select stage_key, pipeline, stage, stage_order, cast(dense_rank() over (order by pipeline, stage, stage_order) as integer) as stage_number
    from stage

),

numbered_segment as (

    select
        segment_key, scope, scope_id, scope_name,
        cast(dense_rank() over (order by scope, scope_id) as integer) as segment_number
    from segment

),

counted as (

    select
        by_combination.cohort_month, numbered_stage.stage_number, numbered_segment.segment_number,
        {%- for count in ['entered', 'visited', 'skipped', 'advanced', 'lost', 'still_open'] %}
        sum(by_combination.{{ count }}) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from by_combination
    inner join numbered_stage on by_combination.stage_key = numbered_stage.stage_key
    inner join numbered_segment on by_combination.segment_key = numbered_segment.segment_key
    group by by_combination.cohort_month, numbered_stage.stage_number, numbered_segment.segment_number

),

-- A median does not add up: it is of the deals one by one.
speed as (

    select
        stage_cohort.cohort_month, numbered_stage.stage_number, numbered_segment.segment_number,
        {{ quantile('stage_cohort.days_to_advance', 0.5) }} as median_days_to_advance
    from stage_cohort
    inner join numbered_stage on stage_cohort.stage_key = numbered_stage.stage_key
    inner join numbered_segment on stage_cohort.segment_key = numbered_segment.segment_key
    where stage_cohort.outcome = 'advanced'
    group by stage_cohort.cohort_month, numbered_stage.stage_number, numbered_segment.segment_number

),

named as (

    select
        counted.*, speed.median_days_to_advance, stage_named.pipeline, stage_named.stage, stage_named.stage_order,
        scope_named.scope, scope_named.scope_id, scope_named.scope_name
    from counted
    inner join (select distinct stage_number, pipeline, stage, stage_order from numbered_stage) as stage_named
        on counted.stage_number = stage_named.stage_number
    inner join (
        select segment_number, scope, scope_id, max(scope_name) as scope_name from numbered_segment group by segment_number, scope, scope_id
    ) as scope_named
        on counted.segment_number = scope_named.segment_number
    left join speed
        on counted.cohort_month = speed.cohort_month and counted.stage_number = speed.stage_number
        and counted.segment_number = speed.segment_number

)

select
    named.cohort_month,
    named.pipeline,
    named.stage,
    cast(stage_order as integer) as stage_order,
    named.scope,
    named.scope_id,
    named.scope_name,
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
        {{ predicted_low('eventual.rate', 'eventual.effective_size', 'eventual.chance_size') }}
    end as eventual_conversion_rate_low,
    case when eventual.unresolved <= {{ largest_unresolved() }} then
        {{ predicted_high('eventual.rate', 'eventual.effective_size', 'eventual.chance_size') }}
    end as eventual_conversion_rate_high,
    round(eventual.unresolved, 6) as eventual_unresolved,
    case
        when eventual.rate is null then 'nobody has left the stage yet'
        when eventual.unresolved > {{ largest_unresolved() }} then 'too young: too many are still in the stage'
    end as eventual_missing_reason,
    round(named.median_days_to_advance, 6) as median_days_to_advance
from named
left join eventual
    on named.cohort_month = eventual.cohort_month and named.pipeline = eventual.pipeline and named.stage = eventual.stage
    and named.scope = eventual.scope and named.scope_id = eventual.scope_id
