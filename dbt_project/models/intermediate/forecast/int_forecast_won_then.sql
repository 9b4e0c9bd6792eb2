-- One row per past period, part of the company (as combination) and time [known_from, known_until) in days for which it was known: what was won
-- in the period. Nearly all is known when the period is over (known_from is null) and stays true (known_until is null).
with win as (

    select * from {{ ref('int_forecast_win') }}

),

run as (

    select first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

),

period_of_win as (

    {% for period in forecast_periods() -%}
    select {{ forecast_period_type(period) }} as period_type, {{ forecast_period_start(period, 'win.closed_on') }} as period_start, win.*
    from win
    cross join run
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

known as (

    select
        period_type, period_start, pipeline, team, rep, segment, amount, known_until,
        case when known_from > {{ next_period_start('period_type', 'period_start') }} then known_from end as known_from,
        case when holder_known_from > {{ next_period_start('period_type', 'period_start') }} then holder_known_from end as holder_known_from
    from period_of_win

)

select
    period_type, period_start, pipeline, team, rep, segment, known_from, holder_known_from, known_until,
    cast(sum(amount) as {{ money_type() }}) as amount
from known
group by period_type, period_start, pipeline, team, rep, segment, known_from, holder_known_from, known_until
