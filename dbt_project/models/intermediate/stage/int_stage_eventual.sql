-- One row per cohort month, pipeline, stage and segment: which share of those that came to the stage will have gone beyond it in the end.
-- Unrounded; fct_stage_funnel publishes it. Null where nobody has left the stage yet.
with stage_cohort as (

    select * from {{ ref('int_stage_cohort') }}

),

segment as (

    select * from {{ ref('int_segment') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

by_combination as (

    select
        cohort_month, pipeline, stage, segment_key, days,
        sum(case when outcome = 'advanced' then 1 else 0 end) as interest,
        sum(case when outcome = 'lost' then 1 else 0 end) as competing,
        sum(case when outcome = 'open' then 1 else 0 end) as censored
    from stage_cohort
    group by cohort_month, pipeline, stage, segment_key, days

),

by_segment as (

    select
        by_combination.cohort_month, by_combination.pipeline, by_combination.stage, segment.segment_dimension, segment.segment_value,
        by_combination.days,
        sum(by_combination.interest) as interest, sum(by_combination.competing) as competing, sum(by_combination.censored) as censored
    from by_combination
    inner join segment on by_combination.segment_key = segment.segment_key
    group by
        by_combination.cohort_month, by_combination.pipeline, by_combination.stage, segment.segment_dimension, segment.segment_value,
        by_combination.days

),

-- A cohort of which nobody is left is finished: the estimate is then its plain rate, to the last digit, and needs no days.
totalled as (

    select
        cohort_month, pipeline, stage, segment_dimension, segment_value,
        sum(interest) as interest, sum(competing) as competing, sum(censored) as censored
    from by_segment
    group by cohort_month, pipeline, stage, segment_dimension, segment_value

),

finished as (

    select
        cohort_month, pipeline, stage, segment_dimension, segment_value,
        interest / cast(interest + competing as double) as rate,
        interest / cast(interest + competing as double) * (competing / cast(interest + competing as double)) / (interest + competing)
            as variance,
        cast(0 as double) as unresolved,
        interest + competing as outcomes
    from totalled
    where censored = 0

),

unfinished as (

    select cohort_month, pipeline, stage, segment_dimension, segment_value from totalled where censored > 0

),

{{ with_earlier_cohorts('by_segment', 'unfinished', ['pipeline', 'stage', 'segment_dimension', 'segment_value']) }},

{{ aalen_johansen('counted', ['cohort_month', 'pipeline', 'stage', 'segment_dimension', 'segment_value']) }}

select
    cohort_month,
    pipeline,
    stage,
    segment_dimension,
    segment_value,
    rate,
    variance,
    unresolved,
    outcomes,
    {{ effective_size('rate', 'variance', 'outcomes') }} as effective_size
from (
    select cohort_month, pipeline, stage, segment_dimension, segment_value, rate, variance, unresolved, outcomes from aj_estimate
    union all
    select cohort_month, pipeline, stage, segment_dimension, segment_value, rate, variance, unresolved, outcomes from finished
) as estimate
