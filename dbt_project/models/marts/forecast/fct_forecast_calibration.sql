-- One row per decile of win probability: of the deals that were given it at past moments, how many were expected to be won, and how many were.
-- Deals that are still open are told apart: they may yet be won.
with given as (

    select * from {{ ref('int_forecast_given_probability') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

decile as (

    select {{ numbers_from_to(1, 10) }} as decile

),

followed as (

    select
        least(cast(floor(given.win_probability * 10) as integer) + 1, 10) as decile,
        given.win_probability,
        status.status
    from given
    inner join status on given.source_system = status.source_system and given.opportunity_id = status.opportunity_id
    where given.win_probability is not null and status.status <> 'deleted'

),

counted as (

    select
        decile,
        sum(case when status <> 'open' then 1 else 0 end) as deals,
        sum(case when status = 'open' then 1 else 0 end) as still_open,
        sum(case when status <> 'open' then win_probability end) as expected,
        sum(case when status = 'won' then 1 else 0 end) as won
    from followed
    group by decile

)

select
    cast(decile.decile as integer) as decile,
    (decile.decile - 1) / cast(10 as double) as probability_from,
    decile.decile / cast(10 as double) as probability_to,
    cast(coalesce(counted.deals, 0) as bigint) as deals,
    cast(coalesce(counted.still_open, 0) as bigint) as still_open,
    round(counted.expected, 6) as expected_won,
    cast(coalesce(counted.won, 0) as bigint) as won,
    round(counted.expected / nullif(counted.deals, 0), 6) as mean_probability,
    {{ share('counted.won', 'counted.deals') }} as won_share,
    {{ wilson_low('counted.won', 'counted.deals') }} as won_share_low,
    {{ wilson_high('counted.won', 'counted.deals') }} as won_share_high
from decile
left join counted on decile.decile = counted.decile
