-- One row per period (is_same_days false), and one per first days of the period before one that is not over (is_same_days true): as many days
-- as are over of that one. What is not over is compared with those (previous_is_same_days), any other period with the whole one before it.
-- [start_at, end_at) in UTC; known_from is the first moment of it that anything is known of.
with period as (

    select * from {{ ref('int_period') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

numbered as (

    select
        period.*,
        least(period.period_end, run.as_of) as last_day,
        lag(period.period_start) over by_start as previous_start,
        lag(period.period_end) over by_start as previous_end,
        lag(period.start_at) over by_start as previous_start_at,
        lag(period.known_from) over by_start as previous_known_from,
        row_number() over by_start as period_number
    from period
    cross join run
    window by_start as (partition by period.period_type order by period.period_start)

),

-- A shorter period before (February) is over before the same day of it.
same_days as (

    select
        numbered.*,
        least(numbered.previous_end, cast({{ dbt.dateadd(
            'day', dbt.datediff('numbered.period_start', 'numbered.last_day', 'day'), 'numbered.previous_start'
        ) }} as date)) as same_last_day
    from numbered
    where not numbered.is_over and numbered.previous_start is not null

),

same_moments as (

    select
        same_days.*,
        {{ utc_time('cast(' ~ dbt.dateadd('day', 1, 'same_days.same_last_day') ~ ' as timestamp)', 'run.timezone') }} as same_end_at
    from same_days
    cross join run

)

select
    period_type,
    period_start,
    false as is_same_days,
    -- What began before the first period, counts from it on.
    case when period_number = 1 then cast('0001-01-01' as timestamp) else start_at end as counts_from,
    start_at,
    known_from,
    end_at,
    last_day,
    cast(period_number as integer) as period_number,
    previous_start,
    not is_over as previous_is_same_days
from numbered

union all

-- Nothing is counted of days that nobody knows.
select
    period_type, previous_start, true, cast('0001-01-01' as timestamp), previous_start_at, previous_known_from, same_end_at, same_last_day, 1, null, null
from same_moments
where same_end_at > previous_known_from
