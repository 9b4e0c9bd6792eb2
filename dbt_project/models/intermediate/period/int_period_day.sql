-- One row per day of the data's life: the number of the period of each type that it is in. Numbers of a type follow each other.
with period as (

    select * from {{ ref('int_period') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

numbered as (

    select *, cast(row_number() over (partition by period_type order by period_start) as integer) as period_number
    from period

),

day as (

    {{ days_from_to('(select min(period_start) from period)', '(select as_of from run)') }}

)

select
    day.date_day,
    {% for period_type in movement_period_types() -%}
    max(case when numbered.period_type = '{{ period_type }}' then numbered.period_number end) as {{ period_type }}_number{{ ',' if not loop.last }}
    {% endfor %}
from day
inner join numbered on day.date_day >= numbered.period_start and day.date_day <= numbered.period_end
group by day.date_day
