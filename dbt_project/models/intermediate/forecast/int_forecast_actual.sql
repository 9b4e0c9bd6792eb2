-- One row per period that has begun and part of the company: what was won in it, as of T. A part without a win in a period has zero.
-- A deal belongs to whom it belonged when the day of its closing ended, and counts at its amount as of T, at the rate of that day.
with win as (

    select * from {{ ref('int_forecast_win') }} where known_until is null

),

amount as (

    select * from {{ ref('int_opportunity_amount') }}

),

moment as (

    select distinct period_type, period_start from {{ ref('int_forecast_moment') }} where is_replay

),

basis as (

    select distinct period_type, basis_start as period_start from {{ ref('int_forecast_basis') }}

),

scope as (

    select * from {{ ref('int_forecast_scope') }}

),

run as (

    select as_of, first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

),

period as (

    select * from moment
    union
    select * from basis

),

won as (

    {% for period in forecast_periods() -%}
    select
        {{ forecast_period_type(period) }} as period_type, {{ forecast_period_start(period, 'win.closed_on') }} as period_start,
        win.pipeline, win.team, win.rep, win.segment, sum(amount.amount) as won_amount, count(*) as won_count
    from win
    cross join run
    inner join amount on win.source_system = amount.source_system and win.opportunity_id = amount.opportunity_id
    group by {{ forecast_period_type(period) }}, {{ forecast_period_start(period, 'win.closed_on') }}, win.pipeline, win.team, win.rep, win.segment
    {%- if not loop.last %}

    union all

    {% endif %}
    {%- endfor %}

),

{{ summed_by_scope('won', ['period_type', 'period_start'], ['won_amount', 'won_count']) }}

select
    period.period_type,
    period.period_start,
    scope.scope,
    scope.scope_id,
    cast(coalesce(by_scope.won_amount, 0) as {{ money_type() }}) as won_amount,
    cast(coalesce(by_scope.won_count, 0) as bigint) as won_count
from period
cross join scope
left join by_scope
    on period.period_type = by_scope.period_type and period.period_start = by_scope.period_start
    and scope.scope = by_scope.scope and scope.scope_id = by_scope.scope_id
