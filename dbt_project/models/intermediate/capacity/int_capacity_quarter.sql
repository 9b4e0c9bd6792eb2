-- One row per (fiscal) quarter that is planned: the current one and the next four.
with run as (

    select as_of, {{ forecast_period_type('quarter') }} as period_type, {{ forecast_period_start('quarter', 'as_of') }} as quarter_start
    from {{ source('config', 'run') }} as run

),

quarter_number as (

    select {{ numbers_from_to(0, 4) }} as quarters_ahead

)

select
    run.period_type,
    cast({{ dbt.dateadd('month', '3 * cast(quarter_number.quarters_ahead as integer)', 'run.quarter_start') }} as date) as period_start,
    cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', '3 * cast(quarter_number.quarters_ahead as integer) + 3', 'run.quarter_start')) }} as date)
        as period_end
from run
cross join quarter_number
