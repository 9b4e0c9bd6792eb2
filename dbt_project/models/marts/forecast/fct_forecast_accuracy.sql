-- One row per replayed as-of day, period that is over, part of the company and method: what it would have said when the period began, with what was
-- known then, and what happened.
with moment as (

    select * from {{ ref('int_forecast_moment') }} where is_complete and is_at_start

),

combined as (

    select * from {{ ref('int_forecast_combined') }}

),

hazard as (

    select * from {{ ref('int_forecast_hazard') }}

),

naive as (

    select * from {{ ref('int_forecast_naive') }}

),

scope as (

    select * from {{ ref('int_forecast_scope') }}

),

actual as (

    select * from {{ ref('int_forecast_actual') }}

),

said as (

    select made_on, period_type, period_start, scope, scope_id, 'funnelcast' as method, mean as forecast, p10, p90, basis from combined
    union all
    select made_on, period_type, period_start, scope, scope_id, 'hazard', mean, null, null, basis
    from hazard
    -- While no deal has closed there are no risks, and they say nothing: that is not a forecast of 0.
    where basis not in ('static', 'none')
    union all
    select made_on, period_type, period_start, scope, scope_id, method, forecast, null, null, null from naive

),

compared as (

    select
        moment.made_on, moment.period_type, moment.period_start, moment.period_end,
        said.scope, said.scope_id, scope.scope_name, said.method, said.basis,
        said.forecast, said.p10, said.p90,
        actual.won_amount as actual
    from moment
    inner join said
        on moment.made_on = said.made_on and moment.period_type = said.period_type and moment.period_start = said.period_start
    inner join scope on said.scope = scope.scope and said.scope_id = scope.scope_id
    inner join actual
        on said.period_type = actual.period_type and said.period_start = actual.period_start
        and said.scope = actual.scope and said.scope_id = actual.scope_id
    where said.forecast is not null

)

select
    cast({{ dbt.dateadd('day', -1, 'made_on') }} as date) as as_of,
    period_type,
    period_start,
    period_end,
    scope,
    scope_id,
    scope_name,
    method,
    forecast,
    p10,
    p90,
    actual,
    cast(forecast - actual as {{ money_type() }}) as error,
    cast(abs(forecast - actual) as {{ money_type() }}) as absolute_error,
    round(cast(abs(forecast - actual) as double) / nullif(cast(actual as double), 0), 6) as absolute_percentage_error,
    actual between p10 and p90 as is_within_p10_p90,
    basis
from compared
-- Nobody's deals are told where there were any.
where scope_id <> '(none)' or forecast > 0 or actual > 0
