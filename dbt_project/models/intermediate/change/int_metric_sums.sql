-- One row per metric, stage (of stage_conversion), segment and period that is compared: the counts and sums that its value and error follow from.
-- observations: what is counted or averaged; successes: of a rate; total, squares: of the values; day_squares: of the counts per working day.
with event as (

    select * from {{ ref('int_metric_event') }}

),

segmented_activity as (

    select * from {{ ref('int_metric_activity') }}

),

period as (

    select * from {{ ref('int_metric_period') }}

),

segment as (

    select * from {{ ref('int_opportunity_segment') }}

),

segmented as (

    select
        event.period_type, event.period_start, event.metric, event.kind, event.pipeline, event.stage, event.date_day,
        segment.scope, segment.scope_id, max(segment.scope_name) as scope_name,
        count(*) as observations, sum(event.is_success) as successes,
        sum(event.measure) as total,
        -- Both sums are exact. Squares of large amounts leave no room for four decimal places, and need none.
        sum(case when abs(event.measure) < 1000000000 then event.measure * event.measure end) as squares,
        sum(case when abs(event.measure) >= 1000000000 then cast(round({{ squared('event.measure') }}, 0) as decimal(38, 0)) end) as large_squares
    from event
    inner join segment on event.source_system = segment.source_system and event.opportunity_id = segment.opportunity_id
    group by
        event.period_type, event.period_start, event.metric, event.kind, event.pipeline, event.stage, event.date_day,
        segment.scope, segment.scope_id

),

by_day as (

    select
        period_type, period_start, metric, kind, pipeline, stage, date_day, scope, scope_id, scope_name, observations,
        successes, total, squares, large_squares
    from segmented

    union all

    select
        period.period_type, period.period_start, segmented_activity.metric, 'count', null, null, segmented_activity.date_day,
        segmented_activity.scope, segmented_activity.scope_id, max(segmented_activity.scope_name),
        sum(segmented_activity.n), sum(segmented_activity.n), null, null, null
    from segmented_activity
    inner join period on segmented_activity.date_day between period.period_start and period.period_end
    group by
        period.period_type, period.period_start, segmented_activity.metric, segmented_activity.date_day,
        segmented_activity.scope, segmented_activity.scope_id

)

select
    period_type,
    period_start,
    metric,
    kind,
    pipeline,
    stage,
    scope,
    scope_id,
    max(scope_name) as scope_name,
    cast(sum(observations) as bigint) as observations,
    cast(sum(successes) as bigint) as successes,
    sum(total) as total,
    coalesce(cast(sum(squares) as double), cast(sum(large_squares) as double) * 0) + coalesce(cast(sum(large_squares) as double), 0) as squares,
    cast(sum(case when {{ iso_day_of_week('date_day') }} <= 5 then observations else 0 end) as bigint) as on_working_days,
    cast(sum(case when {{ iso_day_of_week('date_day') }} <= 5 then observations * observations else 0 end) as bigint) as day_squares
from by_day
group by period_type, period_start, metric, kind, pipeline, stage, scope, scope_id
