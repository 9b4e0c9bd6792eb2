-- One row per seller and whole month: what they won, and how many months they had been there. Sellers are those who own won deals or have a quota for
-- bookings. Of someone who has left without a date, the month of the last win is the last; who never won anything, has none. Who came on no known
-- day is ramped.
with win as (

    select * from {{ ref('int_forecast_win') }} where known_until is null

),

target as (

    select * from {{ ref('int_target') }} where metric = 'bookings' and scope = 'rep' and unknown_cell is null

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

rep as (

    select * from {{ ref('dim_rep') }} where not is_placeholder

),

period as (

    select * from {{ ref('int_period') }} where period_type = 'month' and is_complete

),

basis as (

    -- Months that the history holds whole.
    select distinct basis_start from {{ ref('int_forecast_basis') }} where period_type = 'month'

),

won as (

    select rep, cast({{ dbt.date_trunc('month', 'closed_on') }} as date) as month_start, sum(amount) as won_amount
    from win
    group by rep, {{ dbt.date_trunc('month', 'closed_on') }}

),

last_win as (

    select rep, max(month_start) as month_start from won group by rep

),

seller as (

    select
        rep_scope.scope_id as rep, rep.team, rep.started_on,
        coalesce(rep.ended_on, case when not rep.is_active then coalesce(last_win.month_start, cast('1970-01-01' as date)) end) as last_day
    from rep
    inner join rep_scope on rep.source_system = rep_scope.source_system and rep.rep_id = rep_scope.rep_id
    left join last_win on rep_scope.scope_id = last_win.rep
    left join (select distinct rep_source_system, scope_id from target) as quota_owner
        on rep.source_system = quota_owner.rep_source_system and rep.rep_id = quota_owner.scope_id
    where last_win.rep is not null or quota_owner.scope_id is not null

)

select
    seller.rep,
    seller.team,
    period.period_start as month_start,
    {{ dbt.datediff('seller.started_on', 'period.period_start', 'month') }} as tenure_months,
    cast(coalesce(won.won_amount, 0) as {{ money_type() }}) as won_amount
from seller
cross join period
inner join basis on period.period_start = basis.basis_start
left join won on seller.rep = won.rep and period.period_start = won.month_start
-- The month in which somebody comes is the month 0.
where (seller.started_on is null or seller.started_on <= period.period_end)
    and (seller.last_day is null or seller.last_day >= period.period_start)
