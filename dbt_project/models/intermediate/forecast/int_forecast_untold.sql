-- One row per as-of day and period that is not over: whether what the weighted pipeline and forecast categories are made of was not known then.
{{ config(materialized='view') }}
with moment as (

    select * from {{ ref('int_forecast_moment') }} where not is_complete

),

told_since as (

    select * from {{ ref('int_forecast_told_since') }}

)

select
    moment.made_on, moment.period_type, moment.period_start,
    {{ any_true("told_since.method = 'static_weighted' and (told_since.known_from is null or told_since.known_from > moment.made_on)") }} as is_weighted_untold,
    {{ any_true("told_since.method = 'commit' and (told_since.known_from is null or told_since.known_from > moment.made_on)") }} as is_category_untold
from moment
left join told_since on true
group by moment.made_on, moment.period_type, moment.period_start
