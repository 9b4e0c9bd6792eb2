-- One row per period of the company's calendar (week, month, quarter, year, fiscal quarter and year) that touches the data's life, up to the as-of day.
-- [start_at, end_at) are the moments in UTC; an unfinished period ends at T. It is known from known_from on: nobody delivered what was before the
-- first day of the data's life, so a period that begins before that day is as little complete as one that is not over. known_days are the days of
-- the company's calendar that are known of it and over, each one day, however many hours the clock gave it.
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

run as (

    select timezone, as_of, as_of_end, first_day_of_week, fiscal_year_start_month from {{ source('config', 'run') }}

),

life as (

    select coalesce(min({{ local_day('stage_visit.entered_at') }}), max(run.as_of)) as first_day, max(run.as_of) as last_day
    from run
    left join stage_visit on true

),

day as (

    {{ days_from_to('(select first_day from life)', '(select last_day from life)') }}

),

period_day as (

    {% for period_type in period_types() -%}
    select '{{ period_type }}' as period_type, {{ period_start(period_type, 'day.date_day') }} as period_start from day cross join run
    {%- if not loop.last %}
    union
    {% endif %}
    {%- endfor %}

),

bounded as (

    select
        period_type,
        period_start,
        cast({{ next_period_start('period_type', 'period_start') }} as date) as next_period_start
    from period_day

)

select
    bounded.period_type,
    bounded.period_start,
    cast({{ dbt.dateadd('day', -1, 'bounded.next_period_start') }} as date) as period_end,
    bounded.next_period_start <= {{ dbt.dateadd('day', 1, 'run.as_of') }} as is_over,
    bounded.next_period_start <= {{ dbt.dateadd('day', 1, 'run.as_of') }} and bounded.period_start >= life.first_day as is_complete,
    nullif(concat_ws(
        '; ',
        case when bounded.period_start < life.first_day then 'nothing is known of its first days' end,
        case when bounded.next_period_start > {{ dbt.dateadd('day', 1, 'run.as_of') }} then 'it is not over' end
    ), '') as incomplete_reason,
    -- A fiscal period of a company whose year begins in January is the calendar's once more.
    bounded.period_type in ('fiscal_quarter', 'fiscal_year') and run.fiscal_year_start_month = 1 as is_repeat,
    {{ utc_time('cast(bounded.period_start as timestamp)', 'run.timezone') }} as start_at,
    least({{ utc_time('cast(bounded.next_period_start as timestamp)', 'run.timezone') }}, run.as_of_end) as end_at,
    {{ utc_time('cast(greatest(bounded.period_start, life.first_day) as timestamp)', 'run.timezone') }} as known_from,
    {{ dbt.datediff(
        'greatest(bounded.period_start, life.first_day)', 'least(bounded.next_period_start, ' ~ days_after('run.as_of', 1) ~ ')', 'day'
    ) }} as known_days
from bounded
cross join run
cross join life
