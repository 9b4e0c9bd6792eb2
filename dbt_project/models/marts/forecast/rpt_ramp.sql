-- One row per month of tenure until a rep counts as ramped (forecast: ramp_months): what reps of that tenure won in a month, against ramped ones.
with ramp as (

    select * from {{ ref('int_ramp') }}

)

select
    tenure_month,
    cast(rep_months as bigint) as rep_months,
    won_amount,
    cast(round(won_amount / nullif(rep_months, 0), 2) as {{ money_type() }}) as won_per_month,
    round(share_of_ramped, 6) as share_of_ramped,
    is_measured
from ramp
