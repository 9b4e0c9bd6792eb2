-- One row per as-of day, period and part of the company: what deals are worth, by their stages, whose expected close date has passed.
{{ config(materialized='view') }}
with due as (

    select * from {{ ref('int_forecast_due') }} where is_overdue

),

{{ summed_by_scope('due', ['made_on', 'period_type', 'period_start'], ['weighted'], 'overdue') }}

select made_on, period_type, period_start, scope, scope_id, weighted
from overdue
