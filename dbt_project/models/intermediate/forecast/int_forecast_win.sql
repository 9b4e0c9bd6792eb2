-- One row per opportunity and time [known_from, known_until) in days during which it was known as won: when, for how much, and whose it was
-- then. In the reporting currency at the rate of the day it was won. A win that was undone or revalued later has an end.
with state as (

    select * from {{ ref('int_forecast_state') }} where state = 'won'

),

holder as (

    select * from {{ ref('int_forecast_holder') }}

),

daily_rate as (

    select * from {{ ref('int_daily_rate') }}

),

amount as (

    select max(reporting_currency) as reporting_currency from {{ ref('int_opportunity_amount') }}

)

select
    state.source_system,
    state.opportunity_id,
    state.known_from,
    state.known_until,
    state.closed_on,
    -- Whose it was may be known later than that it was won.
    greatest(state.known_from, holder.known_from) as holder_known_from,
    holder.pipeline,
    holder.team,
    holder.rep,
    holder.segment,
    cast(round(state.amount * {{ rate_of('state.currency') }}, 2) as {{ money_type() }}) as amount
from state
cross join amount
left join daily_rate on state.currency = daily_rate.currency and state.closed_on = daily_rate.date_day
-- As the day of closing ended.
inner join holder
    on state.source_system = holder.source_system and state.opportunity_id = holder.opportunity_id
    and holder.valid_from <= {{ dbt.dateadd('day', 1, 'state.closed_on') }}
    and (holder.valid_until is null or holder.valid_until > {{ dbt.dateadd('day', 1, 'state.closed_on') }})
