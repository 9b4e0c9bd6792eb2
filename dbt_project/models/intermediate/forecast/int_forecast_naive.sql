-- One row per forecast's moment, period, part of the company and naive method: what it said, from what was known then. A method that could say nothing
-- has no row.
{%- set promises = ['static_weighted', 'commit', 'best_case'] %}
with moment as (

    select * from {{ ref('int_forecast_moment') }}

),

basis as (

    select * from {{ ref('int_forecast_basis') }}

),

won_then as (

    select * from {{ ref('int_forecast_won_then') }}

),

won_so_far as (

    select * from {{ ref('int_forecast_won_so_far') }}

),

due as (

    select * from {{ ref('int_forecast_due') }} where not is_overdue

),

scope as (

    select * from {{ ref('int_forecast_scope') }}

),

told_since as (

    select * from {{ ref('int_forecast_told_since') }}

),

method as (

    select * from {{ source('config', 'forecast_method') }}

),

looked_back as (

    select
        basis.made_on, basis.period_type, basis.period_start, basis.method, basis.basis_periods,
        won_then.pipeline, won_then.team, won_then.rep, won_then.segment, won_then.amount,
        won_then.holder_known_from is null or won_then.holder_known_from <= basis.made_on as is_holder_known
    from basis
    inner join won_then
        on basis.period_type = won_then.period_type and basis.basis_start = won_then.period_start
        and (won_then.known_from is null or won_then.known_from <= basis.made_on)
        and (won_then.known_until is null or won_then.known_until > basis.made_on)

),

looked_back_combination as (

    select
        made_on, period_type, period_start, method, sum(amount) as amount,
        {%- for scope in forecast_scopes() %}
        case when is_holder_known then {{ scope }} else '(none)' end as {{ scope }}{{ ',' if not loop.last }}
        {%- endfor %}
    from looked_back
    group by
        made_on, period_type, period_start, method,
        {%- for scope in forecast_scopes() %}
        case when is_holder_known then {{ scope }} else '(none)' end{{ ',' if not loop.last }}
        {%- endfor %}

),

promised as (

    {% for promise in promises -%}
    select
        made_on, period_type, period_start, '{{ promise }}' as method, pipeline, team, rep, segment,
        {{ 'weighted' if promise == 'static_weighted' else promise ~ '_amount' }} as amount
    from due
    union all
    select made_on, period_type, period_start, '{{ promise }}', pipeline, team, rep, segment, amount from won_so_far
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

told as (

    select made_on, period_type, period_start, method, pipeline, team, rep, segment, amount from looked_back_combination
    union all
    select * from promised

),

{{ summed_by_scope('told', ['made_on', 'period_type', 'period_start', 'method'], ['amount']) }},

-- Where a method can speak, it says zero of a part that promises nothing.
answerable as (

    select distinct made_on, period_type, period_start, method, basis_periods from basis
    union all
    select moment.made_on, moment.period_type, moment.period_start, told_since.method, 1
    from moment
    inner join told_since on told_since.known_from <= moment.made_on

)

select
    answerable.made_on,
    answerable.period_type,
    answerable.period_start,
    scope.scope,
    scope.scope_id,
    answerable.method,
    -- A quotient has the sixteen digits of a double: what is of one period is told to the cent.
    case
        when answerable.basis_periods = 1 then cast(coalesce(by_scope.amount, 0) as {{ money_type() }})
        else cast(round(coalesce(by_scope.amount, 0) / cast(answerable.basis_periods as decimal(9, 0)), 2) as {{ money_type() }})
    end as forecast
from answerable
inner join method on answerable.method = method.method
inner join scope on scope.known_from <= answerable.made_on
left join by_scope
    on answerable.made_on = by_scope.made_on and answerable.period_type = by_scope.period_type
    and answerable.period_start = by_scope.period_start and answerable.method = by_scope.method
    and scope.scope = by_scope.scope and scope.scope_id = by_scope.scope_id
