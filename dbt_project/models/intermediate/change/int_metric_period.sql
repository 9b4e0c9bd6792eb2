-- One row per period that is compared, or compared with: nine of them, and only what lies in them is looked at. Its first moment, and the first after it.
with compared_period as (

    select * from {{ ref('int_compared_period') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

)

select
    named.period_type, named.period_start, named.period_end,
    {{ utc_time(dbt.cast('named.period_start', 'timestamp'), 'run.timezone') }} as start_at,
    {{ utc_time(dbt.cast(dbt.dateadd('day', 1, 'named.period_end'), 'timestamp'), 'run.timezone') }} as end_at
from (
    select period_type, period_start, period_end from compared_period
    union
    select period_type, before_start, before_end from compared_period
) as named
cross join run
