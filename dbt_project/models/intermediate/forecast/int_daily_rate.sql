-- One row per currency and day until the as-of day: the rate into the reporting currency that was in force: its day's, or the last one before it,
-- for as long as rates stand.
with fx_rate as (

    select * from {{ ref('stg_generic__fx_rate') }}

),

run as (

    select as_of, rates_stand_for_days from {{ source('config', 'run') }}

),

rate as (

    select currency, rate_date, rate
    from fx_rate
    where row_disposition = 'loaded'
    qualify row_number() over (partition by currency, rate_date order by _extracted_at desc) = 1

),

followed as (

    select *, lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from rate

),

-- How many days after its own a rate stands: until the next, no longer than the config says, and never beyond the as-of day.
standing as (

    select
        followed.currency, followed.rate_date, followed.rate,
        cast({{ earlier_end(
            dbt.datediff('followed.rate_date', 'run.as_of', 'day'),
            earlier_end('run.rates_stand_for_days', dbt.datediff('followed.rate_date', 'followed.next_rate_date', 'day') ~ ' - 1')
        ) }} as integer) as days
    from followed
    cross join run

),

age as (

    select currency, rate_date, rate, {{ numbers_from_to(0, 'days') }} as days
    from standing

)

select
    currency,
    cast({{ dbt.dateadd('day', 'cast(days as integer)', 'rate_date') }} as date) as date_day,
    rate_date,
    cast(rate as {{ rate_type() }}) as rate
from age
