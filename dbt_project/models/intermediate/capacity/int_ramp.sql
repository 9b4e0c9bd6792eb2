-- One row per month of tenure until a rep counts as ramped: what reps of that tenure won in a month, as a share of what ramped ones do.
-- Where fewer than three were watched in a month of tenure, a straight line stands for it.
with rep_month as (

    select * from {{ ref('int_rep_month') }}

),

forecast as (

    select ramp_months from {{ source('config', 'forecast') }}

),

tenure as (

    select {{ numbers_from_to(0, 36) }} as tenure_month

),

ramped as (

    select avg(cast(rep_month.won_amount as double)) as mean_won
    from rep_month
    cross join forecast
    where rep_month.tenure_months is null or rep_month.tenure_months >= forecast.ramp_months

),

watched as (

    select tenure_months, count(*) as rep_months, sum(won_amount) as won_amount, avg(cast(won_amount as double)) as mean_won
    from rep_month
    group by tenure_months

)

select
    cast(tenure.tenure_month as integer) as tenure_month,
    coalesce(watched.rep_months, 0) as rep_months,
    cast(coalesce(watched.won_amount, 0) as {{ money_type() }}) as won_amount,
    coalesce(watched.rep_months, 0) >= 3 and ramped.mean_won > 0 as is_measured,
    case
        when watched.rep_months >= 3 and ramped.mean_won > 0 then least(watched.mean_won / ramped.mean_won, 1)
        else (tenure.tenure_month + 0.5) / forecast.ramp_months
    end as share_of_ramped
from tenure
cross join forecast
cross join ramped
left join watched on tenure.tenure_month = watched.tenure_months
where tenure.tenure_month < forecast.ramp_months
