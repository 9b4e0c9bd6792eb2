-- One row per decile of win probability: of the deals that were given it at past moments, how many were expected to be won within a year, and how
-- many were. A deal whose year is not over counts by what became of the others from its age on.
with outcome as (

    select * from {{ ref('int_forecast_given_outcome') }}

),

decile as (

    select {{ numbers_from_to(1, 10) }} as decile

),

by_day as (

    select
        decile, days, cast(null as integer) as late_entry,
        sum(case when outcome = 'won' then 1 else 0 end) as interest,
        sum(case when outcome = 'not won' then 1 else 0 end) as competing,
        sum(case when outcome = 'not over' then 1 else 0 end) as censored
    from outcome
    group by decile, days

),

{{ aalen_johansen('by_day', ['decile']) }},

-- With nobody watched to the year's end, what comes in the days that nobody has seen is not known.
estimate as (

    select decile, rate, {{ effective_size('rate', 'variance', 'outcomes') }} as effective_size
    from aj_estimate
    where unresolved = 0

),

counted as (

    select
        decile,
        count(*) as deals,
        sum(case when status = 'open' then 1 else 0 end) as still_open,
        sum(case when outcome = 'not over' then 1 else 0 end) as year_not_over,
        sum(win_probability) as expected,
        sum(case when outcome = 'won' then 1 else 0 end) as won
    from outcome
    group by decile

)

select
    cast(decile.decile as integer) as decile,
    (decile.decile - 1) / cast(10 as double) as probability_from,
    decile.decile / cast(10 as double) as probability_to,
    cast(coalesce(counted.deals, 0) as bigint) as deals,
    cast(coalesce(counted.still_open, 0) as bigint) as still_open,
    cast(coalesce(counted.year_not_over, 0) as bigint) as year_not_over,
    round(counted.expected, 6) as expected_won,
    cast(coalesce(counted.won, 0) as bigint) as won,
    round(counted.expected / nullif(counted.deals, 0), 6) as mean_probability,
    round(estimate.rate, 6) as won_share,
    {{ wilson_low('(estimate.rate * estimate.effective_size)', 'estimate.effective_size') }} as won_share_low,
    {{ wilson_high('(estimate.rate * estimate.effective_size)', 'estimate.effective_size') }} as won_share_high
from decile
left join counted on decile.decile = counted.decile
left join estimate on decile.decile = estimate.decile
