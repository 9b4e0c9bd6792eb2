-- One row per day that a table may speak of, past and to come, in the company's calendar.
with run as (

    select as_of, first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

),

span as (

    select * from {{ ref('int_calendar_span') }}

),

day as (

    {{ days_from_to('(select first_day from span)', '(select last_day from span)') }}

),

fiscal as (

    -- A fiscal year has the name of the calendar year in which it ends; one that begins in January is the calendar year.
    select
        day.date_day,
        cast({{ dbt.dateadd('month', '-(run.fiscal_year_start_month - 1)', 'day.date_day') }} as date) as shifted_day,
        case when run.fiscal_year_start_month = 1 then 0 else 1 end as years_ahead
    from day
    cross join run

)

select
    day.date_day,
    cast((({{ iso_day_of_week('day.date_day') }} - run.first_day_of_week + 7) % 7) + 1 as integer) as day_of_week,
    {{ week_start('day.date_day') }} as week_start,
    cast({{ dbt.date_trunc('month', 'day.date_day') }} as date) as month_start,
    cast({{ dbt.date_trunc('quarter', 'day.date_day') }} as date) as quarter_start,
    cast({{ dbt.date_trunc('year', 'day.date_day') }} as date) as year_start,
    cast(extract(year from fiscal.shifted_day) + fiscal.years_ahead as integer) as fiscal_year,
    cast(extract(quarter from fiscal.shifted_day) as integer) as fiscal_quarter,
    cast({{ dbt.dateadd(
        'month', 'run.fiscal_year_start_month - 1', dbt.date_trunc('quarter', 'fiscal.shifted_day')
    ) }} as date) as fiscal_quarter_start,
    {{ iso_day_of_week('day.date_day') }} >= 6 as is_weekend,
    day.date_day = run.as_of as is_as_of,
    day.date_day > run.as_of as is_future
from day
cross join run
inner join fiscal on day.date_day = fiscal.date_day
