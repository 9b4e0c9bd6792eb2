-- One row per moment at which a forecast is made (the start of made_on) and period that it is about.
-- Every period is forecast when it began, as far back as the config says; one that is not over yet, every week since (every month for a year);
-- and at present the current and the next one. Quarters and years are the company's fiscal ones.
with forecast_replay as (

    select * from {{ source('config', 'forecast_replay') }}

),

period as (

    select * from {{ ref('int_period') }} where period_type in (select period_type from forecast_replay)

),

run as (

    select as_of, cast({{ dbt.dateadd('day', 1, 'as_of') }} as date) as present, first_day_of_week, fiscal_year_start_month
    from {{ source('config', 'run') }}

),

first_period as (

    select min(period_start) as period_start from period where period_type = 'week'

),

-- The period that the present is in, and the next one.
current_period as (

    {% for period in forecast_periods() -%}
    select {{ forecast_period_type(period) }} as period_type, {{ forecast_period_start(period, 'run.present') }} as period_start from run
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

ahead as (

    select period_type, period_start from current_period
    union all
    select
        period_type,
        cast({{ next_period_start('period_type', 'period_start') }} as date)
    from current_period

),

replayed as (

    select period.period_type, period.period_start
    from period
    inner join forecast_replay on period.period_type = forecast_replay.period_type
    -- The first one began before anything was known.
    where period.is_complete and period.period_start > (select min(other.period_start) from period as other where other.period_type = period.period_type)
    qualify row_number() over (partition by period.period_type order by period.period_start desc) <= max(forecast_replay.periods) over (
        partition by period.period_type
    )

),

since_its_start as (

    select current_period.period_type, current_period.period_start, step.period_start as made_on
    from current_period
    cross join run
    inner join period as step
        on step.period_type = case when current_period.period_type in ('year', 'fiscal_year') then 'month' else 'week' end
        and step.period_start >= current_period.period_start and step.period_start < run.present
    where current_period.period_type <> 'week'

    union

    select current_period.period_type, current_period.period_start, current_period.period_start
    from current_period
    cross join run
    cross join first_period
    where current_period.period_start < run.present and current_period.period_start > first_period.period_start

),

moment as (

    select period_type, period_start, period_start as made_on from replayed
    union all
    select period_type, period_start, made_on from since_its_start
    union all
    select ahead.period_type, ahead.period_start, run.present from ahead cross join run

)

select
    moment.made_on,
    moment.period_type,
    moment.period_start,
    cast({{ dbt.dateadd('day', -1, next_period_start('moment.period_type', 'moment.period_start')) }} as date) as period_end,
    moment.made_on <= run.as_of as is_replay,
    cast({{ next_period_start('moment.period_type', 'moment.period_start') }} as date) <= run.present as is_complete,
    moment.made_on = moment.period_start as is_at_start
from moment
cross join run
