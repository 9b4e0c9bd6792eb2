-- One row per forecast's moment, period, naive method and past period that the method looks at. A method that would look at a period that was not over
-- then, or at one that the history does not hold whole, has no row: it has no forecast.
with moment as (

    select * from {{ ref('int_forecast_moment') }}

),

state as (

    select * from {{ ref('int_forecast_state') }}

),

forecast as (

    select moving_average_periods from {{ source('config', 'forecast') }}

),

run as (

    select first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

),

-- The history is whole from its first day on; but where nothing closed for long, it may be that closed deals were not kept: from the month of
-- the first close.
history as (

    select greatest(
        cast({{ dbt.dateadd('day', -1, 'min(known_from)') }} as date),
        cast({{ dbt.date_trunc('month', 'min(closed_on)') }} as date)
    ) as first_day
    from state

),

dated as (

    select
        made_on, period_type, period_start,
        case period_type
            {%- for period in forecast_periods() %}
            when {{ forecast_period_type(period) }} then {{ forecast_period_start(period, 'made_on') }}
            {%- endfor %}
        end as present_start
    from moment
    cross join run

),

lag_number as (

    select {{ numbers_from_to(1, 24) }} as lag_number

),

looked_at as (

    select made_on, period_type, period_start, 'last_period' as method, {{ earlier_period('period_type', 'present_start', '1') }} as basis_start, 1 as basis_periods
    from dated

    union all

    select
        dated.made_on, dated.period_type, dated.period_start, 'moving_average',
        {{ earlier_period('dated.period_type', 'dated.present_start', 'lag_number.lag_number') }}, forecast.moving_average_periods
    from dated
    cross join forecast
    inner join lag_number on lag_number.lag_number <= forecast.moving_average_periods

    union all

    select made_on, period_type, period_start, 'same_month_last_quarter', {{ earlier_period('period_type', 'period_start', '3') }}, 1
    from dated
    where period_type = 'month'

    union all

    -- Of years, this is the last period. A year of weeks has 52 of them, so that days of the week stay the same.
    select
        made_on, period_type, period_start, 'same_period_last_year',
        {{ earlier_period('period_type', 'period_start', "case period_type when 'week' then 52 when 'month' then 12 else 4 end") }}, 1
    from dated
    where period_type not in ('year', 'fiscal_year')

),

usable as (

    select
        looked_at.*,
        count(*) over (partition by looked_at.made_on, looked_at.period_type, looked_at.period_start, looked_at.method) as found
    from looked_at
    cross join history
    where looked_at.basis_start >= history.first_day
        and {{ next_period_start('looked_at.period_type', 'looked_at.basis_start') }} <= looked_at.made_on

)

select made_on, period_type, period_start, method, basis_start, cast(basis_periods as integer) as basis_periods
from usable
where found = basis_periods
