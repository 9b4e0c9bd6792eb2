-- One row per period type, comparison (with the period before, with the same a year ago), metric, stage and segment: what changed, whether it is noise, and where it comes from.
-- The error of each kind of metric: rates by Newcombe's hybrid of Wilson intervals (1998) and the pooled z test; means by Welch (1947);
-- counts as Poisson, widened where days vary more than that (quasi-Poisson, McCullagh & Nelder 1989; then by Student's t); sums as
-- compound Poisson.
-- p-values are adjusted by Benjamini & Hochberg (1995) over all that are told of one period and comparison: of what is called significant, at
-- most about 5 % is noise. Their tests overlap and move together, under which the promise holds (Benjamini & Yekutieli 2001); Holm's
-- stricter one, not a single false alarm, would leave a weekly reader of hundreds of rows with hardly a true one.
with metric_value as (

    select * from {{ ref('int_metric_value') }}

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
    from metric_value

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
