-- One row per opportunity: the rate that turns its money into the reporting currency, of the day it was won or of the as-of day.
-- A rate may be up to seven days old; without one the rate is null, and the gate refuses by name.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

fx_rate as (

    select * from {{ ref('stg_generic__fx_rate') }}

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

rate as (

    select currency, rate_date, rate
    from fx_rate
    where row_disposition = 'loaded'
    qualify row_number() over (partition by currency, rate_date order by _extracted_at desc) = 1

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
        rate.rate_date,
        row_number() over (
            partition by valued.opportunity_key order by rate.rate_date desc nulls last
        ) as recency
    from valued
    left join rate
        on valued.currency = rate.currency
        and rate.rate_date <= valued.rate_day and rate.rate_date > {{ dbt.dateadd('day', -8, 'valued.rate_day') }}

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
where with_rate.recency = 1
