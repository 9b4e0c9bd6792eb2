-- One row per as-of day, period that is not over, and part of the company: what the period will bring, how sure that is, and what others would say.
-- The newest as-of day (is_latest) tells of the current and the next period; earlier ones, how the forecast of the current one has moved.
with moment as (

    select * from {{ ref('int_forecast_moment') }} where not is_complete

),

scope as (

    select * from {{ ref('int_forecast_scope') }}

),

combined as (

    select * from {{ ref('int_forecast_combined') }}

),

attainment as (

    select * from {{ source('forecasting', 'attainment') }}

),

quota as (

    select * from {{ ref('int_quota') }}

),

said as (

    select * from {{ ref('int_forecast_said') }}

),

overdue as (

    select * from {{ ref('int_forecast_overdue') }}

),

untold as (

    select * from {{ ref('int_forecast_untold') }}

),

pipeline as (

    select * from {{ ref('int_forecast_pipeline') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

{{ summed_by_scope('pipeline', ['made_on'], ['open_count', 'open_amount'], 'open_pipeline') }},

joined as (

    select
        moment.*,
        scope.scope,
        scope.scope_id,
        scope.scope_name,
        combined.won_so_far,
        combined.from_open,
        combined.mean,
        combined.p10,
        combined.p50,
        combined.p90,
        combined.basis,
        quota.quota,
        quota.quota_basis,
        attainment.probability_of_quota,
        case when quota.quota > combined.mean then quota.quota - combined.mean
            when combined.mean is not null and quota.quota is not null then 0 end as gap,
        coalesce(open_pipeline.open_count, 0) as open_count,
        coalesce(open_pipeline.open_amount, 0) as open_amount,
        said.static_weighted,
        case when not untold.is_weighted_untold then coalesce(overdue.weighted, 0) end as overdue_weighted,
        said.commit,
        said.best_case,
        untold.is_weighted_untold,
        untold.is_category_untold,
        run.as_of as newest
    from moment
    cross join run
    inner join scope on scope.known_from <= moment.made_on
    inner join untold
        on moment.made_on = untold.made_on and moment.period_type = untold.period_type and moment.period_start = untold.period_start
    left join combined
        on moment.made_on = combined.made_on and moment.period_type = combined.period_type and moment.period_start = combined.period_start
        and scope.scope = combined.scope and scope.scope_id = combined.scope_id
    left join quota
        on moment.period_type = quota.period_type and moment.period_start = quota.period_start
        and scope.scope = quota.scope and scope.scope_id = quota.scope_id
    left join attainment
        on moment.made_on = attainment.made_on and moment.period_type = attainment.period_type
        and moment.period_start = attainment.period_start and scope.scope = attainment.scope and scope.scope_id = attainment.scope_id
    left join said
        on moment.made_on = said.made_on and moment.period_type = said.period_type and moment.period_start = said.period_start
        and scope.scope = said.scope and scope.scope_id = said.scope_id
    left join overdue
        on moment.made_on = overdue.made_on and moment.period_type = overdue.period_type and moment.period_start = overdue.period_start
        and scope.scope = overdue.scope and scope.scope_id = overdue.scope_id
    left join open_pipeline
        on moment.made_on = open_pipeline.made_on and scope.scope = open_pipeline.scope and scope.scope_id = open_pipeline.scope_id

)

select
    cast({{ dbt.dateadd('day', -1, 'made_on') }} as date) as as_of,
    cast({{ dbt.dateadd('day', -1, 'made_on') }} as date) = newest as is_latest,
    period_type,
    period_start,
    period_end,
    scope,
    scope_id,
    scope_name,
    won_so_far,
    from_open,
    -- What is left of the mean: deals that are not there yet.
    cast(mean - won_so_far - from_open as {{ money_type() }}) as from_new,
    mean,
    p10,
    p50,
    p90,
    quota,
    quota_basis,
    round(cast(mean as double) / nullif(cast(quota as double), 0), 6) as expected_attainment,
    round(probability_of_quota, 6) as probability_of_quota,
    cast(gap as {{ money_type() }}) as gap,
    -- At what the open pipeline is expected to yield in the period.
    cast(case when gap = 0 then 0 when from_open > 0 and open_amount > 0 then round(cast(gap as double) * open_amount / from_open, 2) end as {{ money_type() }})
        as pipeline_needed,
    cast(open_count as bigint) as open_count,
    cast(open_amount as {{ money_type() }}) as open_amount,
    static_weighted,
    cast(overdue_weighted as {{ money_type() }}) as overdue_weighted,
    commit,
    best_case,
    basis,
    nullif(concat_ws(
        '; ',
        case when mean is null then 'forecast: nothing to learn from yet' end,
        case when quota is null then 'quota: none is set for the period' end,
        case when gap > 0 and not (from_open > 0 and open_amount > 0)
            then 'pipeline_needed: open deals are expected to bring nothing in the period' end,
        case when is_weighted_untold then 'static_weighted: what deals were worth or when they were expected was not known then' end,
        case when is_category_untold then 'commit, best_case: no forecast category was known then' end
    ), '') as unknown
from joined
-- Nobody's deals are told where there are any.
where scope_id <> '(none)' or open_count > 0 or mean > 0
