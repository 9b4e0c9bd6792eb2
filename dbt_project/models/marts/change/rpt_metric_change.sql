-- One row per period type, comparison (with the period before, with the same a year ago), metric, stage and segment: what changed, whether it is noise, and where it comes from.
-- The error of each kind of metric: rates by Newcombe's hybrid of Wilson intervals (1998) and the pooled z test; means by Welch (1947);
-- counts as Poisson, widened where days vary more than that (quasi-Poisson, McCullagh & Nelder 1989; then by Student's t); sums as
-- compound Poisson.
-- p-values are adjusted by Benjamini & Hochberg (1995) over all that are told of one period and comparison: of what is called significant, at
-- most about 5 % is noise. Their tests overlap and move together, under which the promise holds (Benjamini & Yekutieli 2001); Holm's
-- stricter one, not a single false alarm, would leave a weekly reader of hundreds of rows with hardly a true one.
with compared_period as (

    select * from {{ ref('int_compared_period') }}

),

metric_sums as (

    select * from {{ ref('int_metric_sums') }}

),

metric_begin as (

    select * from {{ ref('int_metric_begin') }}

),

velocity as (

    select * from {{ ref('fct_velocity') }}

),

-- A dimension that has only one value says what the company's row says.
dimension as (

    select metric, scope
    from metric_sums
    group by metric, scope
    having scope = 'company' or count(distinct scope_id) > 1

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

),

paired as (

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

),

-- value = the metric, spread = the variance of its estimate.
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
    from paired

),

-- Velocity has its value from fct_velocity, and its error from its factors, by the delta method.
factor_error as (

    select
        period_type, period_start, scope, scope_id,
        max(case when metric = 'average_deal_size' then observations end) as sizes,
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

),

told as (

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

),

-- Below these numbers nothing is called significant: normal approximations of rates and counts are crude there, Welch's of skewed
-- amounts as well.
judged as (

    select
        *,
        value - before_value as difference,
        case
            when not is_covered then 'the period it is compared with is not known whole'
            when value is null or before_value is null then 'nothing to compare in one of the periods'
            when kind = 'rate' and least(n1, n0) < 20 then 'fewer than 20 in one of the periods'
            when kind in ('mean', 'sum', 'product') and least(n1, n0) < 15 then 'fewer than 15 in one of the periods'
            when kind = 'count' and n1 + n0 < 20 then 'fewer than 20 in both periods together'
            when kind in ('mean', 'sum', 'product') and coalesce(spread1 + spread0, 0) <= 0 then 'no spread'
            when kind = 'rate' and x1 + x0 in (0, n1 + n0) then 'no spread'
        end as not_judged
    from told

),

tested as (

    select
        *,
        case when not_judged is null then case
            when kind = 'rate' then difference / sqrt(
                (x1 + x0) / cast(n1 + n0 as double) * (1 - (x1 + x0) / cast(n1 + n0 as double)) * (1 / cast(n1 as double) + 1 / cast(n0 as double))
            )
            when kind = 'count' then difference / sqrt(dispersion * (n1 + n0) / (d1 + d0) * (1 / d1 + 1 / d0))
            else difference / sqrt(spread1 + spread0)
        end end as deviate,
        case
            when not_judged is not null then null
            when kind = 'mean'
                then (spread1 + spread0) * (spread1 + spread0) / (spread1 * spread1 / (n1 - 1) + spread0 * spread0 / (n0 - 1))
            -- A dispersion that is estimated from ten days of two weeks is uncertain itself.
            when kind = 'count' and dispersion > 1 then d1 + d0 - 2
        end as df
    from judged

),

normal as (

    select
        *,
        case when df is not null then {{ normal_of_t('deviate', 'df') }} else abs(deviate) end as z,
        case when df is not null then {{ t_quantile('df') }} else 1.959963984540054 end as quantile_95,
        case
            when not_judged is not null then null
            when kind = 'count' then sqrt(dispersion * (n1 / d1 / d1 + n0 / d0 / d0))
            when kind in ('mean', 'sum', 'product') then sqrt(spread1 + spread0)
        end as error
    from tested

),

valued as (

    select
        *,
        {{ two_sided_p('z') }} as p_value,
        case
            when not_judged is not null then null
            when kind = 'rate' then {{ newcombe_low('x1', 'n1', 'x0', 'n0') }}
            else difference - quantile_95 * error
        end as difference_low,
        case
            when not_judged is not null then null
            when kind = 'rate' then {{ newcombe_high('x1', 'n1', 'x0', 'n0') }}
            else difference + quantile_95 * error
        end as difference_high,
        case when not_judged is null and kind = 'count' and n1 > 0 and n0 > 0
            then quantile_95 * sqrt(dispersion * (1 / cast(n1 as double) + 1 / cast(n0 as double)))
        end as log_margin
    from normal

),

ranked as (

    select
        *,
        case when p_value is not null then count(p_value) over (partition by period_type, comparison) end as family,
        row_number() over (
            partition by period_type, comparison, case when p_value is null then 1 else 0 end
            order by p_value, metric, pipeline, stage, scope, scope_id
        ) as p_place
    from valued

),

adjusted as (

    select
        *,
        -- The step-up: the least of this and all larger p-values, each times the number of tests ÷ its place.
        case when p_value is not null then least(1, min(p_value * family / p_place) over (
            partition by period_type, comparison, case when p_value is null then 1 else 0 end
            order by p_place desc rows unbounded preceding
        )) end as p_adjusted
    from ranked

),

company as (

    select
        period_type, comparison, metric, pipeline, stage, value, before_value, difference, n1, n0
    from adjusted
    where scope = 'company'

),

-- What a segment did to the company's change. Counts and sums add up as they are. A rate or mean is its segments' own, weighted by their
-- share of the observations: its change is that of the segment's own value (at its mean share) and that of its share (at how far its mean
-- value lies from the company's); a segment that is missing in one period has there the value of the other.
explained as (

    select
        adjusted.*,
        case
            when adjusted.scope = 'company' or adjusted.kind = 'product' then null
            when adjusted.kind in ('count', 'sum') then adjusted.difference
            else
                (adjusted.n1 / cast(nullif(company.n1, 0) as double) + adjusted.n0 / cast(nullif(company.n0, 0) as double)) / 2
                * (coalesce(adjusted.value, adjusted.before_value) - coalesce(adjusted.before_value, adjusted.value))
        end as own_part,
        case
            when adjusted.scope = 'company' or adjusted.kind = 'product' then null
            when adjusted.kind in ('count', 'sum') then 0
            else
                (adjusted.n1 / cast(nullif(company.n1, 0) as double) - adjusted.n0 / cast(nullif(company.n0, 0) as double))
                * (
                    (coalesce(adjusted.value, adjusted.before_value) + coalesce(adjusted.before_value, adjusted.value)) / 2
                    - (company.value + company.before_value) / 2
                )
        end as mix_part,
        company.difference as company_difference,
        row_number() over (
            partition by
                adjusted.period_type, adjusted.comparison, adjusted.metric, adjusted.pipeline, adjusted.stage, adjusted.scope
            order by adjusted.n1 + adjusted.n0 desc, adjusted.scope_id
        ) as size_place
    from adjusted
    left join company
        on adjusted.period_type = company.period_type and adjusted.comparison = company.comparison
        and adjusted.metric = company.metric and adjusted.pipeline is not distinct from company.pipeline
        and adjusted.stage is not distinct from company.stage

),

rounded as (

    select
        *,
        cast(round(difference, 6) as {{ money_type(6) }}) as exact_difference,
        cast(round(company_difference, 6) as {{ money_type(6) }}) as exact_company_difference,
        case when company_difference is not null then cast(round(own_part, 6) as {{ money_type(6) }}) end as rounded_own_part,
        case when company_difference is not null then cast(round(mix_part, 6) as {{ money_type(6) }}) end as rounded_mix_part
    from explained

),

-- The largest segment takes what rounding leaves (a few millionths), so that a dimension adds up to the company's change exactly.
settled as (

    select
        *,
        case
            when size_place = 1 then rounded_own_part + exact_company_difference - sum(rounded_own_part + rounded_mix_part) over (
                partition by period_type, comparison, metric, pipeline, stage, scope
            )
            else rounded_own_part
        end as settled_own_part
    from rounded

)

select
    period_type,
    period_start,
    period_end,
    comparison,
    before_start,
    before_end,
    metric,
    pipeline,
    stage,
    scope,
    scope_id,
    scope_name,
    case kind
        when 'rate' then 'share'
        when 'count' then 'per working day'
        when 'sum' then 'money per working day'
        when 'product' then 'money per day'
        else case when metric = 'average_deal_size' then 'money' else 'days' end
    end as unit,
    cast(n1 as bigint) as observations,
    cast(case when is_covered then n0 end as bigint) as before_observations,
    round(value, 6) as value,
    round(before_value, 6) as before_value,
    exact_difference as difference,
    round(difference_low, 6) as difference_low,
    round(difference_high, 6) as difference_high,
    round(case when log_margin is not null then value / before_value end, 6) as ratio,
    round(case when log_margin is not null then value / before_value * exp(-log_margin) end, 6) as ratio_low,
    round(case when log_margin is not null then value / before_value * exp(log_margin) end, 6) as ratio_high,
    round(p_value, 9) as p_value,
    round(p_adjusted, 9) as p_adjusted,
    cast(family as bigint) as compared,
    p_adjusted <= 0.05 as is_significant,
    not_judged,
    cast(settled_own_part + rounded_mix_part as {{ money_type(6) }}) as contribution,
    cast(settled_own_part as {{ money_type(6) }}) as contribution_own,
    cast(rounded_mix_part as {{ money_type(6) }}) as contribution_mix
from settled
