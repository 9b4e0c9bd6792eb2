-- One row per planned quarter and team with sellers, and the company: its sellers, and for how many months of ramped reps they stand.
{{ config(materialized='view') }}
with quarter as (

    select * from {{ ref('int_capacity_quarter') }}

),

seller as (

    select * from {{ ref('int_seller') }}

),

ramp as (

    select * from {{ ref('int_ramp') }}

),

month_number as (

    select {{ numbers_from_to(0, 2) }} as month_of_quarter

),

seller_month as (

    select
        quarter.period_start, seller.rep, seller.team,
        case
            when seller.started_on is null then 1
            when {{ dbt.datediff('seller.started_on', dbt.dateadd('month', 'cast(month_number.month_of_quarter as integer)', 'quarter.period_start'), 'month') }} < 0 then 0
            else coalesce(ramp.share_of_ramped, 1)
        end as share_of_ramped
    from quarter
    cross join seller
    cross join month_number
    left join ramp
        on {{ dbt.datediff('seller.started_on', dbt.dateadd('month', 'cast(month_number.month_of_quarter as integer)', 'quarter.period_start'), 'month') }}
        = ramp.tenure_month

)

select period_start, 'company' as scope, 'all' as scope_id, count(distinct rep) as sellers, sum(share_of_ramped) as ramped_months
from seller_month
group by period_start
union all
select period_start, 'team', team, count(distinct rep), sum(share_of_ramped)
from seller_month
group by period_start, team
