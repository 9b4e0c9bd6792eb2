-- One row per forecast's moment within its period, and part of the company (as combination): what was known then as won in the period so far.
with moment as (

    select * from {{ ref('int_forecast_moment') }} where made_on > period_start

),

win as (

    select * from {{ ref('int_forecast_win') }}

)

select
    moment.made_on,
    moment.period_type,
    moment.period_start,
    {%- for scope in forecast_scopes() %}
    case when win.holder_known_from <= moment.made_on then win.{{ scope }} else '(none)' end as {{ scope }},
    {%- endfor %}
    cast(sum(win.amount) as {{ money_type() }}) as amount,
    cast(count(*) as bigint) as won
from moment
inner join win
    on win.closed_on >= moment.period_start and win.closed_on < moment.made_on
    and win.known_from <= moment.made_on and (win.known_until is null or win.known_until > moment.made_on)
group by
    moment.made_on, moment.period_type, moment.period_start,
    {%- for scope in forecast_scopes() %}
    case when win.holder_known_from <= moment.made_on then win.{{ scope }} else '(none)' end{{ ',' if not loop.last }}
    {%- endfor %}
