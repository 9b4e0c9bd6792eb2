-- One row per period type, comparison, metric, stage and segment: the counts and sums of the period (…1) and of the one it is compared with (…0).
-- d: working days; n: observations; x: successes; s: total; q: squares; w: on working days; dq: squares of the counts per day.
{{ config(materialized='view') }}
with compared_period as (

    select * from {{ ref('int_compared_period') }}

),

metric_sums as (

    select * from {{ ref('int_metric_sums') }}

),

metric_begin as (

    select * from {{ ref('int_metric_begin') }}

),

dimension as (

    select * from {{ ref('int_metric_scope') }}

),

row_key as (

    select
        compared_period.period_type, compared_period.period_start, compared_period.period_end, compared_period.comparison,
        compared_period.before_start, compared_period.before_end, compared_period.working_days, compared_period.before_working_days,
        metric_sums.metric, metric_sums.kind, metric_sums.pipeline, metric_sums.stage, metric_sums.scope,
        metric_sums.scope_id,
        max(metric_sums.scope_name) as scope_name
    from compared_period
    inner join metric_sums
        on compared_period.period_type = metric_sums.period_type
        and metric_sums.period_start in (compared_period.period_start, compared_period.before_start)
    inner join dimension on metric_sums.metric = dimension.metric and metric_sums.scope = dimension.scope
    group by
        compared_period.period_type, compared_period.period_start, compared_period.period_end, compared_period.comparison,
        compared_period.before_start, compared_period.before_end, compared_period.working_days, compared_period.before_working_days,
        metric_sums.metric, metric_sums.kind, metric_sums.pipeline, metric_sums.stage, metric_sums.scope,
        metric_sums.scope_id

)

select
    row_key.*,
    row_key.before_start >= metric_begin.begins_on as is_covered,
    cast(row_key.working_days as double) as d1,
    cast(row_key.before_working_days as double) as d0,
    coalesce(present.observations, 0) as n1,
    coalesce(past.observations, 0) as n0,
    coalesce(present.successes, 0) as x1,
    coalesce(past.successes, 0) as x0,
    coalesce(present.total, 0) as s1,
    coalesce(past.total, 0) as s0,
    cast(coalesce(present.squares, 0) as double) as q1,
    cast(coalesce(past.squares, 0) as double) as q0,
    cast(coalesce(present.on_working_days, 0) as double) as w1,
    cast(coalesce(past.on_working_days, 0) as double) as w0,
    coalesce(present.day_squares, 0) as dq1,
    coalesce(past.day_squares, 0) as dq0
from row_key
inner join metric_begin on row_key.metric = metric_begin.metric
left join metric_sums as present
    on row_key.period_type = present.period_type and row_key.period_start = present.period_start
    and row_key.metric = present.metric and row_key.scope = present.scope
    and row_key.scope_id = present.scope_id
    and row_key.pipeline is not distinct from present.pipeline and row_key.stage is not distinct from present.stage
left join metric_sums as past
    on row_key.period_type = past.period_type and row_key.before_start = past.period_start
    and row_key.metric = past.metric and row_key.scope = past.scope
    and row_key.scope_id = past.scope_id
    and row_key.pipeline is not distinct from past.pipeline and row_key.stage is not distinct from past.stage
