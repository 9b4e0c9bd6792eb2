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

stage as (

    select * from {{ ref('int_stage') }}

),

-- A number joins, groups and sorts faster than texts, millions of times. A stage of one name in two systems' pipelines of one name is one row.
numbered_stage as (

    select stage_key, pipeline, stage, cast(dense_rank() over (order by pipeline, stage) as integer) as stage_number
    from stage

),

numbered_segment as (

    select
        segment_key, scope, scope_id,
        cast(dense_rank() over (order by scope, scope_id) as integer) as segment_number
    from segment

),

by_combination as (

    select
        stage_cohort.cohort_month, numbered_stage.stage_number, stage_cohort.segment_key, stage_cohort.days,
        sum(case when stage_cohort.outcome = 'advanced' then 1 else 0 end) as interest,
        sum(case when stage_cohort.outcome = 'lost' then 1 else 0 end) as competing,
        sum(case when stage_cohort.outcome = 'open' then 1 else 0 end) as censored
    from stage_cohort
    inner join numbered_stage on stage_cohort.stage_key = numbered_stage.stage_key
    group by stage_cohort.cohort_month, numbered_stage.stage_number, stage_cohort.segment_key, stage_cohort.days

),

by_segment as (

    select
        by_combination.cohort_month, by_combination.stage_number, numbered_segment.segment_number, by_combination.days,
        sum(by_combination.interest) as interest, sum(by_combination.competing) as competing, sum(by_combination.censored) as censored
    from by_combination
    inner join numbered_segment on by_combination.segment_key = numbered_segment.segment_key
    group by by_combination.cohort_month, by_combination.stage_number, numbered_segment.segment_number, by_combination.days

),

-- A cohort of which nobody is left is finished: the estimate is then its plain rate, to the last digit, and needs no days.
totalled as (

    select
        cohort_month, stage_number, segment_number,
        sum(interest) as interest, sum(competing) as competing, sum(censored) as censored
    from by_segment
    group by cohort_month, stage_number, segment_number

),

finished as (

    select
        cohort_month, stage_number, segment_number,
        interest / cast(interest + competing as double) as rate,
        interest / cast(interest + competing as double) * (competing / cast(interest + competing as double)) / (interest + competing)
            as variance,
        cast(0 as double) as unresolved,
        interest + competing as outcomes,
        cast(0 as double) as chance,
        cast(null as bigint) as own
    from totalled
    where censored = 0

),

unfinished as (

    select cohort_month, stage_number, segment_number from totalled where censored > 0

),

{{ with_earlier_cohorts('by_segment', 'unfinished', ['stage_number', 'segment_number']) }},

{{ aalen_johansen('counted', ['cohort_number']) }}

select
    estimate.cohort_month,
    numbered_stage.pipeline,
    numbered_stage.stage,
    scope_named.scope,
    scope_named.scope_id,
    estimate.rate,
    estimate.variance,
    estimate.unresolved,
    estimate.outcomes,
    {{ effective_size('estimate.rate', 'estimate.variance', 'estimate.outcomes') }} as effective_size,
    {{ chance_size('estimate.rate', 'estimate.variance', 'estimate.chance', 'estimate.own') }} as chance_size
from (
    select
        cohort.cohort_month, cohort.stage_number, cohort.segment_number,
        aj_estimate.rate, aj_estimate.variance, aj_estimate.unresolved, aj_estimate.outcomes,
        aj_estimate.chance, aj_estimate.own
    from aj_estimate
    inner join cohort on aj_estimate.cohort_number = cohort.cohort_number
    union all
    select cohort_month, stage_number, segment_number, rate, variance, unresolved, outcomes, chance, own from finished
) as estimate
inner join (select distinct stage_number, pipeline, stage from numbered_stage) as numbered_stage
    on estimate.stage_number = numbered_stage.stage_number
inner join (select distinct segment_number, scope, scope_id from numbered_segment) as scope_named
    on estimate.segment_number = scope_named.segment_number
