-- One row per won or lost opportunity whose day of closing by its last change of stage is not the CRM's close date.
with close_date_difference as (

    select * from {{ ref('int_close_date_difference') }}

)

select
    source_system,
    opportunity_id,
    opportunity_name,
    status,
    amount,
    closed_on,
    stage_changed_on,
    close_date,
    cast(days_later as integer) as days_later,
    month_by_stage_change,
    month_by_close_date,
    quarter_by_stage_change,
    quarter_by_close_date,
    moves_month,
    moves_quarter,
    problem
from close_date_difference
