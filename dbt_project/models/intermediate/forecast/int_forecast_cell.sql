-- One row per cell of time in which the forecast's counts are kept: the days of one week of the fiscal quarter in one month; the turn of the
-- year (20 December to 2 January) apart. Weeks are counted from the quarter's end. forecasting/positions.py has the same, and refuses others.
with spell as (

    select * from {{ ref('int_forecast_spell') }}

),

run as (

    select as_of, fiscal_year_start_month from {{ source('config', 'run') }}

),

day as (

    {{ days_from_to('(select coalesce(min(began_on), (select as_of from run)) from spell)', '(select as_of from run)') }}

),

placed as (

    select
        day.date_day,
        {{ period_start('month', 'day.date_day') }} as month_start,
        (month(day.date_day) = 12 and day(day.date_day) >= 20) or (month(day.date_day) = 1 and day(day.date_day) <= 2) as is_turn_of_year,
        {{ period_start('fiscal_quarter', 'day.date_day') }} as quarter_start
    from day
    cross join run

),

numbered as (

    select
        *,
        greatest(0, 12 - floor(
            ({{ dbt.datediff('date_day', dbt.dateadd('month', 3, 'quarter_start'), 'day') }} - 1) / 7.0
        )) as week_of_quarter
    from placed

)

select
    min(date_day) as cell_start,
    max(date_day) as cell_end,
    cast(count(*) as integer) as days,
    cast(row_number() over (order by min(date_day)) as integer) as cell_number
from numbered
group by month_start, is_turn_of_year, week_of_quarter
