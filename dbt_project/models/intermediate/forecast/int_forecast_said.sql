-- One row per as-of day, period and part of the company: what naive methods that a reader compares with say, side by side.
{{ config(materialized='view') }}
with naive as (

    select * from {{ ref('int_forecast_naive') }}

)

select
    made_on, period_type, period_start, scope, scope_id,
    max(case when method = 'static_weighted' then forecast end) as static_weighted,
    max(case when method = 'commit' then forecast end) as commit,
    max(case when method = 'best_case' then forecast end) as best_case
from naive
group by made_on, period_type, period_start, scope, scope_id
