-- One row per method that adds up what open deals promise: since which day of a forecast every source system tells what it needs (null: never).
with state as (

    select * from {{ ref('int_forecast_state') }} where state = 'open'

),

category as (

    select * from {{ ref('int_forecast_category') }}

),

promise_told as (

    select
        source_system,
        min(case when amount is not null then amount_known_from end) as amount_known_from,
        min(case when expected_close_on is not null then expected_close_known_from end) as expected_close_known_from
    from state
    group by source_system

),

category_told as (

    select source_system, min(case when forecast_category is not null then known_from end) as known_from
    from category
    group by source_system

),

by_system as (

    select source_system, 'static_weighted' as method, greatest(amount_known_from, expected_close_known_from) as known_from,
        amount_known_from is null or expected_close_known_from is null as is_never_told
    from promise_told
    union all
    select
        promise_told.source_system, category.method,
        greatest(promise_told.amount_known_from, promise_told.expected_close_known_from, category_told.known_from),
        promise_told.amount_known_from is null or promise_told.expected_close_known_from is null or category_told.known_from is null
    from promise_told
    inner join category_told on promise_told.source_system = category_told.source_system
    cross join (select 'commit' as method union all select 'best_case') as category

)

-- As long as one system does not tell it, the sum is not whole.
select method, case when not {{ any_true('is_never_told') }} then max(known_from) end as known_from
from by_system
group by method
