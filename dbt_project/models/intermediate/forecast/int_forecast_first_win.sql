-- One row per opportunity that was won: the day of its first win, its amount as forecasts then knew it, and whether it was ever seen open before.
with state as (

    select * from {{ ref('int_forecast_state') }}

),

daily_rate as (

    select * from {{ ref('int_daily_rate') }}

),

reporting as (

    select max(reporting_currency) as reporting_currency from {{ ref('int_opportunity_amount') }}

),

seen_open as (

    select distinct source_system, opportunity_id from {{ ref('int_forecast_spell') }}

),

first_win as (

    select
        source_system, opportunity_id, pipeline, currency, amount,
        cast({{ dbt.dateadd('day', -1, 'known_from') }} as date) as won_on
    from state
    where state = 'won'
    qualify row_number() over (partition by source_system, opportunity_id order by known_from) = 1

),

valued as (

    select
        first_win.*,
        first_win.amount * case
            when first_win.currency is null or first_win.currency = reporting.reporting_currency then 1 else daily_rate.rate
        end as value
    from first_win
    cross join reporting
    left join daily_rate on first_win.currency = daily_rate.currency and first_win.won_on = daily_rate.date_day

)

select
    valued.source_system,
    valued.opportunity_id,
    valued.pipeline,
    valued.won_on,
    cast(round(valued.value, 2) as {{ money_type() }}) as amount,
    {{ forecast_amount_class('valued.value') }} as amount_class,
    seen_open.opportunity_id is not null as was_open
from valued
left join seen_open on valued.source_system = seen_open.source_system and valued.opportunity_id = seen_open.opportunity_id
