-- One row per period type (week, month, quarter, and the fiscal quarter that is none of the calendar's) and comparison (previous, year_ago): the last complete period, and the one it is set against.
-- A year before a week is 52 weeks before. Working days are Mondays to Fridays.
with period as (

    select * from {{ ref('int_period') }}
    where is_complete and (period_type in ('week', 'month', 'quarter') or (period_type = 'fiscal_quarter' and not is_repeat))

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

newest as (

    select period_type, max(period_start) as period_start, max(period_end) as period_end
    from period
    group by period_type

),

paired as (

    select
        period_type, 'previous' as comparison, period_start, period_end,
        cast(case period_type
            when 'week' then {{ dbt.dateadd('day', -7, 'period_start') }}
            when 'month' then {{ dbt.dateadd('month', -1, 'period_start') }}
            else {{ dbt.dateadd('month', -3, 'period_start') }}
        end as date) as before_start,
        cast({{ dbt.dateadd('day', -1, 'period_start') }} as date) as before_end
    from newest

    union all

    select
        period_type, 'year_ago', period_start, period_end,
        cast(case period_type
            when 'week' then {{ dbt.dateadd('day', -364, 'period_start') }}
            else {{ dbt.dateadd('month', -12, 'period_start') }}
        end as date),
        cast(case period_type
            when 'week' then {{ dbt.dateadd('day', -364, 'period_end') }}
            -- The day before the same month's or quarter's successor: leap years have their 29 February.
            else {{ dbt.dateadd('day', -1, dbt.dateadd('month', -12, dbt.dateadd('day', 1, 'period_end'))) }}
        end as date)
    from newest

),

day as (

    {{ days_from_to('(select min(before_start) from paired)', '(select as_of from run)') }}

),

working_day as (

    select date_day from day where {{ iso_day_of_week('date_day') }} <= 5

),

counted as (

    select
        paired.period_type, paired.comparison,
        sum(case when working_day.date_day between paired.period_start and paired.period_end then 1 else 0 end) as working_days,
        sum(case when working_day.date_day between paired.before_start and paired.before_end then 1 else 0 end) as before_working_days
    from paired
    cross join working_day
    group by paired.period_type, paired.comparison

)

select
    paired.period_type,
    paired.comparison,
    paired.period_start,
    paired.period_end,
    paired.before_start,
    paired.before_end,
    counted.working_days,
    counted.before_working_days
from paired
inner join counted on paired.period_type = counted.period_type and paired.comparison = counted.comparison
