-- One row per cohort month, pipeline, open stage and segment: the opportunities that first visited the stage, or first skipped past it, in that month.
with stage_cohort as (

    select * from {{ ref('int_stage_cohort') }}

),

segment as (

    select * from {{ ref('int_segment') }}

),

eventual as (

    select * from {{ ref('int_stage_eventual') }}

),

-- Counts add up: deals of one combination of values are counted once for all dimensions.
by_combination as (

    select
        cohort_month, pipeline, stage, stage_order, segment_key,
        count(*) as entered,
        sum(case when is_visited then 1 else 0 end) as visited,
        sum(case when is_visited then 0 else 1 end) as skipped,
        sum(case when outcome = 'advanced' then 1 else 0 end) as advanced,
        sum(case when outcome = 'lost' then 1 else 0 end) as lost,
        sum(case when outcome = 'open' then 1 else 0 end) as still_open
    from stage_cohort
    group by cohort_month, pipeline, stage, stage_order, segment_key

),

counted as (

    select
        by_combination.cohort_month, by_combination.pipeline, by_combination.stage, by_combination.stage_order,
        segment.segment_dimension, segment.segment_value,
        {%- for count in ['entered', 'visited', 'skipped', 'advanced', 'lost', 'still_open'] %}
        sum(by_combination.{{ count }}) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from by_combination
    inner join segment on by_combination.segment_key = segment.segment_key
    group by
        by_combination.cohort_month, by_combination.pipeline, by_combination.stage, by_combination.stage_order,
        segment.segment_dimension, segment.segment_value

),

-- A median does not add up: it is of the deals one by one.
speed as (

    select
        stage_cohort.cohort_month, stage_cohort.pipeline, stage_cohort.stage, segment.segment_dimension, segment.segment_value,
        {{ quantile('stage_cohort.days_to_advance', 0.5) }} as median_days_to_advance
    from stage_cohort
    inner join segment on stage_cohort.segment_key = segment.segment_key
    where stage_cohort.outcome = 'advanced'
    group by stage_cohort.cohort_month, stage_cohort.pipeline, stage_cohort.stage, segment.segment_dimension, segment.segment_value

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
    round(speed.median_days_to_advance, 6) as median_days_to_advance
from counted
left join speed
    on counted.cohort_month = speed.cohort_month and counted.pipeline = speed.pipeline and counted.stage = speed.stage
    and counted.segment_dimension = speed.segment_dimension and counted.segment_value = speed.segment_value
left join eventual
    on counted.cohort_month = eventual.cohort_month and counted.pipeline = eventual.pipeline and counted.stage = eventual.stage
    and counted.segment_dimension = eventual.segment_dimension and counted.segment_value = eventual.segment_value
