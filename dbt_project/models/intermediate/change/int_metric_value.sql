-- One row per period type, comparison, metric, stage and segment: the metric's value in both periods, and the variance of its estimate (spread).
{{ config(materialized='view') }}
with pair as (

    select * from {{ ref('int_metric_pair') }}

),

compared_period as (

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

velocity as (

    select * from {{ ref('fct_velocity') }}

),

estimated as (

    select
        *,
        case kind
            when 'rate' then x1 / nullif(cast(n1 as double), 0)
            when 'mean' then cast(s1 as double) / nullif(n1, 0)
            when 'count' then n1 / d1
            else cast(s1 as double) / d1
        end as value,
        case when is_covered then case kind
            when 'rate' then x0 / nullif(cast(n0 as double), 0)
            when 'mean' then cast(s0 as double) / nullif(n0, 0)
            when 'count' then n0 / d0
            else cast(s0 as double) / d0
        end end as before_value,
        case kind
            when 'mean' then case when n1 > 1 then greatest(0, q1 - cast(s1 as double) * cast(s1 as double) / n1) / (n1 - 1) / n1 end
            when 'sum' then q1 / d1 / d1
        end as spread1,
        case kind
            when 'mean' then case when n0 > 1 then greatest(0, q0 - cast(s0 as double) * cast(s0 as double) / n0) / (n0 - 1) / n0 end
            when 'sum' then q0 / d0 / d0
        end as spread0,
        -- How much more the days of the two periods vary than a Poisson count does (Pearson's statistic ÷ its degrees of freedom).
        case when kind = 'count' and d1 + d0 > 2 then greatest(1, (
            case when w1 > 0 then (dq1 - w1 * w1 / d1) / (w1 / d1) else 0 end
            + case when w0 > 0 then (dq0 - w0 * w0 / d0) / (w0 / d0) else 0 end
        ) / (d1 + d0 - 2)) end as dispersion
    from pair

),

-- Velocity has its value from fct_velocity, and its error from its factors, by the delta method.
factor_error as (

    select
        period_type, period_start, scope, scope_id,
        sum(case when metric in ('average_deal_size', 'sales_cycle_days') and observations > 1 and total > 0
            then (cast(squares as double) * observations / (cast(total as double) * cast(total as double)) - 1) / (observations - 1)
        end) as relative_spread,
        count(case when metric in ('average_deal_size', 'sales_cycle_days') and observations > 1 and total > 0 then 1 end) as factors
    from metric_sums
    group by period_type, period_start, scope, scope_id

),

velocity_error as (

    select
        velocity.period_type, velocity.period_start,
        velocity.scope, velocity.scope_id, velocity.scope_name,
        velocity.won,
        cast(velocity.velocity_per_day as double) as value,
        cast(velocity.velocity_per_day as double) * cast(velocity.velocity_per_day as double) * (
            factor_error.relative_spread + 1 / cast(nullif(velocity.opportunities, 0) as double)
            + (1 - velocity.win_rate) / nullif(velocity.won, 0)
        ) as spread
    from velocity
    left join factor_error
        on velocity.period_type = factor_error.period_type and velocity.period_start = factor_error.period_start
        and velocity.scope = factor_error.scope and velocity.scope_id = factor_error.scope_id
        and factor_error.factors = 2

)

select
    period_type, period_start, period_end, comparison, before_start, before_end, metric, kind, pipeline, stage,
    scope, scope_id, scope_name, is_covered, d1, d0, n1, n0, x1, x0, value, before_value, spread1, spread0, dispersion
from estimated

union all

select
    compared_period.period_type, compared_period.period_start, compared_period.period_end, compared_period.comparison,
    compared_period.before_start, compared_period.before_end, 'velocity', 'product', null, null,
    present.scope, present.scope_id, present.scope_name,
    compared_period.before_start >= metric_begin.begins_on, cast(compared_period.working_days as double),
    cast(compared_period.before_working_days as double), present.won, coalesce(past.won, 0), present.won, coalesce(past.won, 0), present.value,
    case when compared_period.before_start >= metric_begin.begins_on then past.value end, present.spread, past.spread, null
from compared_period
inner join velocity_error as present
    on compared_period.period_type = present.period_type and compared_period.period_start = present.period_start
left join velocity_error as past
    on compared_period.period_type = past.period_type and compared_period.before_start = past.period_start
    and present.scope = past.scope and present.scope_id = past.scope_id
inner join metric_begin on metric_begin.metric = 'velocity'
inner join dimension
    on dimension.metric = 'won_opportunities' and present.scope = dimension.scope
where present.value is not null or past.value is not null
