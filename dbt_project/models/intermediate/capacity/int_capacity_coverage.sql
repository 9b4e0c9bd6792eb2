-- One row per company: open pipeline at the start of a quarter for one unit won in it, of the last four quarters.
{{ config(materialized='view') }}
with actual as (

    select * from {{ ref('int_forecast_actual') }} where {{ is_quarter('period_type') }} and scope = 'company'

),

pipeline as (

    select * from {{ ref('int_forecast_pipeline') }}

),

moment as (

    select * from {{ ref('int_forecast_moment') }}

),

run as (

    select {{ forecast_period_start('quarter', 'as_of') }} as quarter_start from {{ source('config', 'run') }} as run

),

open_at_start as (

    select pipeline.made_on, sum(pipeline.open_amount) as open_amount
    from pipeline
    group by pipeline.made_on

)

select sum(open_at_start.open_amount) / nullif(sum(actual.won_amount), 0) as coverage
from actual
cross join run
inner join moment on {{ is_quarter('moment.period_type') }} and moment.period_start = actual.period_start and moment.is_at_start and moment.is_complete
inner join open_at_start on moment.made_on = open_at_start.made_on
where actual.period_start >= {{ dbt.dateadd('month', -12, 'run.quarter_start') }}
