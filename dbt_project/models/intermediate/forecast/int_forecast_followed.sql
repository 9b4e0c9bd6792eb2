-- One row per moment at which a forecast of a current month or quarter was made, and period whose deals are followed from then to the present:
-- the current one itself, and those before it (is_past: twelve months, four quarters), from as many days after their beginning to as many days after it.
with moment as (

    select made_on, period_type, period_start, period_end
    from {{ ref('int_forecast_moment') }}
    where not is_complete and (period_type = 'month' or {{ is_quarter('period_type') }}) and is_replay

),

period as (

    select * from {{ ref('int_period') }} where is_complete

),

run as (

    select cast({{ dbt.dateadd('day', 1, 'as_of') }} as date) as present from {{ source('config', 'run') }}

),

past as (

    select
        moment.made_on, moment.period_type, moment.period_start, period.period_start as followed_start, period.period_end as followed_end,
        {{ days_after('period.period_start', dbt.datediff('moment.period_start', 'moment.made_on', 'day')) }} as followed_from,
        -- A shorter one (February) is over before the same day of it.
        least(
            {{ days_after('period.period_end', 1) }},
            {{ days_after('period.period_start', dbt.datediff('moment.period_start', 'run.present', 'day')) }}
        ) as followed_until
    from moment
    cross join run
    inner join period
        on moment.period_type = period.period_type and period.period_start < moment.period_start
        and period.period_start >= case
            when moment.period_type = 'month' then {{ earlier_period('moment.period_type', 'moment.period_start', 12) }}
            else {{ earlier_period('moment.period_type', 'moment.period_start', 4) }}
        end

)

select
    moment.made_on,
    moment.period_type,
    moment.period_start,
    false as is_past,
    moment.period_start as followed_start,
    moment.period_end as followed_end,
    moment.made_on as followed_from,
    run.present as followed_until
from moment
cross join run

union all

select made_on, period_type, period_start, true, followed_start, followed_end, followed_from, followed_until
from past
where followed_from < followed_until
