-- One row per currency and day: the rate into the reporting currency that was in force, at most seven days old.
with fx_rate as (

    select * from {{ ref('stg_generic__fx_rate') }}

),

rate as (

    select currency, rate_date, rate
    from fx_rate
    where row_disposition = 'loaded'
    qualify row_number() over (partition by currency, rate_date order by _extracted_at desc) = 1

),

-- Each rate stands until the next one, for eight days at most.
age as (

    select {{ numbers_from_to(0, 7) }} as days

)

select
    rate.currency,
    cast({{ dbt.dateadd('day', 'age.days', 'rate.rate_date') }} as date) as date_day,
    rate.rate_date,
    cast(rate.rate as {{ rate_type() }}) as rate
from rate
cross join age
qualify row_number() over (
    partition by rate.currency, {{ dbt.dateadd('day', 'age.days', 'rate.rate_date') }} order by rate.rate_date desc
) = 1
