-- One row per opportunity: the rate that turns its money into the reporting currency, of the day it was won or of the as-of day.
-- Without one in force the rate is null, and the gate refuses by name.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

rate as (

    select * from {{ ref('int_daily_rate') }}

),

run as (

    select timezone, as_of, currency as configured_currency from {{ source('config', 'run') }}

),

reporting as (

    -- Without a configured one: the currency of the data, if there is only one.
    select
        case
            when max(run.configured_currency) is not null then max(run.configured_currency)
            when count(distinct opportunity.currency) = 1 then max(opportunity.currency)
        end as currency,
        count(opportunity.currency) = 0 as names_no_currency
    from run
    left join opportunity on true

),

valued as (

    select
        opportunity.source_system,
        opportunity.opportunity_id,
        opportunity.opportunity_key,
        opportunity.currency,
        opportunity.amount,
        coalesce({{ local_day('status.closed_at') }}, run.as_of) as rate_day
    from opportunity
    cross join run
    inner join status on opportunity.opportunity_key = status.opportunity_key

),

with_rate as (

    select
        valued.*,
        rate.rate,
        rate.rate_date
    from valued
    left join rate on valued.currency = rate.currency and valued.rate_day = rate.date_day

)

select
    with_rate.source_system,
    with_rate.opportunity_id,
    with_rate.opportunity_key,
    coalesce(with_rate.currency, reporting.currency) as currency,
    reporting.currency as reporting_currency,
    cast(
        case
            when with_rate.currency is null or with_rate.currency = reporting.currency then 1
            else with_rate.rate
        end as {{ rate_type() }}
    ) as rate,
    cast(round(
        with_rate.amount * case
            when with_rate.currency is null or with_rate.currency = reporting.currency then 1
            else with_rate.rate
        end, 2
    ) as {{ money_type() }}) as amount,
    with_rate.rate_day,
    -- The day of the rate that was used; null where none was needed, or none was known.
    case when with_rate.currency <> reporting.currency then with_rate.rate_date end as rate_date
from with_rate
cross join reporting
