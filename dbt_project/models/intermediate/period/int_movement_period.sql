-- One row per period in which movements are told (week, month, quarter, fiscal quarter), with its number; numbers of a type follow each other.
-- last_day is the period's end, or the as-of day where that comes first.
with period as (

    select * from {{ ref('int_history_period') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

)

select
    cast(row_number() over (order by period.period_type, period.period_start) as integer) as period_number,
    period.period_type,
    period.period_start,
    period.period_end,
    period.is_complete,
    period.incomplete_reason,
    least(period.period_end, run.as_of) as last_day
from period
cross join run
where period.period_type in ('{{ movement_period_types() | join("', '") }}')
