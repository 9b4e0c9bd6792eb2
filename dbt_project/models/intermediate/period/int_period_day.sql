-- One row per day of the data's life: the number of the period of each type that it is in (int_movement_period).
with period as (

    select * from {{ ref('int_movement_period') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

day as (

    {{ days_from_to('(select min(period_start) from period)', '(select as_of from run)') }}

)

select
    day.date_day,
    {% for period_type in movement_period_types() -%}
    max(case when period.period_type = '{{ period_type }}' then period.period_number end) as {{ period_type }}_number{{ ',' if not loop.last }}
    {% endfor %}
from day
inner join period on day.date_day >= period.period_start and day.date_day <= period.period_end
group by day.date_day
