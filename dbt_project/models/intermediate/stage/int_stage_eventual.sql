-- One row per cohort month, pipeline, stage and segment: which share of those that came to the stage will have gone beyond it in the end.
-- Unrounded; fct_stage_funnel publishes it. Null where nobody has left the stage yet.
with stage_entry as (

    select * from {{ ref('int_stage_entry') }}

),

opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }} where is_now

),

segment as (

    select * from {{ ref('int_segment') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

-- Deleted deals count nowhere: mistakes, repeats and merged ones, not deals that were censored.
entry as (

    select
        cast({{ dbt.date_trunc('month', local_day('stage_entry.entered_at')) }} as date) as cohort_month,
        stage_entry.pipeline,
        stage_entry.stage,
        opportunity_cut.segment_key,
        {{ local_day('stage_entry.entered_at') }} as entered_on,
        case
            when stage_entry.advanced_at is not null then {{ local_day('stage_entry.advanced_at') }}
            when status.status = 'lost' then {{ local_day('status.closed_at') }}
            else run.as_of
        end as left_on,
        case when stage_entry.advanced_at is not null then 1 else 0 end as interest,
        case when stage_entry.advanced_at is null and status.status = 'lost' then 1 else 0 end as competing
    from stage_entry
    cross join run
    inner join status
        on stage_entry.source_system = status.source_system and stage_entry.opportunity_id = status.opportunity_id
    inner join opportunity_cut
        on stage_entry.source_system = opportunity_cut.source_system
        and stage_entry.opportunity_id = opportunity_cut.opportunity_id
    where status.status <> 'deleted'

),

by_combination as (

    select
        cohort_month, pipeline, stage, segment_key, greatest({{ dbt.datediff('entered_on', 'left_on', 'day') }}, 0) as days,
        sum(interest) as interest, sum(competing) as competing, sum(1 - interest - competing) as censored
    from entry
    group by cohort_month, pipeline, stage, segment_key, entered_on, left_on

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
