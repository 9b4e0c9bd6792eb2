-- One row per (fiscal) quarter, the current one and the next four, and team, and the company: what its sellers can bring, whether that is enough for the quota,
-- and how many more it takes, hired by when.
with seller as (

    select * from {{ ref('int_seller') }}

),

rep_month as (

    select * from {{ ref('int_rep_month') }}

),

ramp as (

    select * from {{ ref('int_ramp') }}

),

quota as (

    select * from {{ ref('int_quota') }} where {{ is_quarter('period_type') }}

),

actual as (

    select * from {{ ref('int_forecast_actual') }} where {{ is_quarter('period_type') }} and scope = 'company'

),

pipeline as (

    select * from {{ ref('int_forecast_pipeline') }}

),

moment as (

    select * from {{ ref('int_forecast_moment') }}

),

forecast as (

    select ramp_months from {{ source('config', 'forecast') }}

),

run as (

    select as_of, {{ forecast_period_type('quarter') }} as period_type, {{ forecast_period_start('quarter', 'as_of') }} as quarter_start
    from {{ source('config', 'run') }} as run

),

quarter_number as (

    select {{ numbers_from_to(0, 4) }} as quarters_ahead

),

quarter as (

    select
        run.period_type,
        cast({{ dbt.dateadd('month', '3 * cast(quarter_number.quarters_ahead as integer)', 'run.quarter_start') }} as date) as period_start,
        cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', '3 * cast(quarter_number.quarters_ahead as integer) + 3', 'run.quarter_start')) }} as date)
            as period_end
    from run
    cross join quarter_number

),

month_number as (

    select {{ numbers_from_to(0, 2) }} as month_of_quarter

),

scope as (

    select 'company' as scope, 'all' as scope_id
    union all
    select distinct 'team', team from seller

),

-- Of the last twelve whole months, those in which a rep was ramped.
ramped as (

    select rep_month.rep, coalesce(rep_month.team, '(none)') as team, cast(rep_month.won_amount as double) as won_amount
    from rep_month
    cross join run
    cross join forecast
    where (rep_month.tenure_months is null or rep_month.tenure_months >= forecast.ramp_months)
        and rep_month.month_start >= {{ dbt.dateadd('month', -12, dbt.date_trunc('month', dbt.dateadd('day', 1, 'run.as_of'))) }}

),

productivity as (

    select 'company' as scope, 'all' as scope_id, count(*) as rep_months, avg(won_amount) as mean_won, stddev_samp(won_amount) as deviation from ramped
    union all
    select 'team', team, count(*), avg(won_amount), stddev_samp(won_amount) from ramped group by team

),

-- A team of which a year of one ramped rep was not seen is taken to be like the company.
productive as (

    select
        scope.scope, scope.scope_id,
        case when own.rep_months >= 12 then own.rep_months else company.rep_months end as rep_months,
        case when own.rep_months >= 12 then own.mean_won else company.mean_won end as mean_won,
        case when own.rep_months >= 12 then own.deviation else company.deviation end as deviation,
        case when scope.scope = 'company' or own.rep_months >= 12 then 'own record' else 'the company''s record' end as basis
    from scope
    left join productivity as own on scope.scope = own.scope and scope.scope_id = own.scope_id
    left join productivity as company on company.scope = 'company'

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

),

staffed as (

    select period_start, 'company' as scope, 'all' as scope_id, count(distinct rep) as sellers, sum(share_of_ramped) as ramped_months
    from seller_month
    group by period_start
    union all
    select period_start, 'team', team, count(distinct rep), sum(share_of_ramped)
    from seller_month
    group by period_start, team

),

open_at_start as (

    select pipeline.made_on, sum(pipeline.open_amount) as open_amount
    from pipeline
    group by pipeline.made_on

),

-- Open pipeline at the start of a quarter for one unit won in it: the last four quarters, of the whole company.
coverage as (

    select sum(open_at_start.open_amount) / nullif(sum(actual.won_amount), 0) as coverage
    from actual
    cross join run
    inner join moment on {{ is_quarter('moment.period_type') }} and moment.period_start = actual.period_start and moment.is_at_start and moment.is_complete
    inner join open_at_start on moment.made_on = open_at_start.made_on
    where actual.period_start >= {{ dbt.dateadd('month', -12, 'run.quarter_start') }}

),

planned as (

    select
        quarter.period_type, quarter.period_start, quarter.period_end,
        scope.scope, scope.scope_id,
        coalesce(staffed.sellers, 0) as sellers,
        coalesce(staffed.ramped_months, 0) as ramped_months,
        productive.mean_won, productive.deviation, productive.rep_months, productive.basis,
        quota.quota, quota.quota_basis,
        cast(round(productive.mean_won * coalesce(staffed.ramped_months, 0), 2) as {{ money_type() }}) as capacity,
        coverage.coverage,
        forecast.ramp_months,
        run.as_of
    from quarter
    cross join scope
    cross join run
    cross join forecast
    cross join coverage
    left join staffed
        on quarter.period_start = staffed.period_start and scope.scope = staffed.scope and scope.scope_id = staffed.scope_id
    left join productive on scope.scope = productive.scope and scope.scope_id = productive.scope_id
    left join quota
        on quarter.period_start = quota.period_start and scope.scope = quota.scope and scope.scope_id = quota.scope_id

),

judged as (

    select *, case when quota > capacity then quota - capacity when quota is not null and capacity is not null then 0 end as capacity_gap
    from planned

)

select
    period_type,
    period_start,
    period_end,
    scope,
    scope_id,
    scope_id as scope_name,
    cast(sellers as integer) as sellers,
    round(ramped_months / 3.0, 6) as ramped_equivalents,
    cast(round(3 * mean_won, 2) as {{ money_type() }}) as productivity,
    -- Of fewer than two months there is no deviation, and no lower end: the greater of nothing and 0 would be 0.
    case when deviation is not null then cast(round(3 * greatest(mean_won - 1.959964 * deviation / sqrt(rep_months), 0), 2) as {{ money_type() }}) end
        as productivity_low,
    cast(round(3 * (mean_won + 1.959964 * deviation / sqrt(rep_months)), 2) as {{ money_type() }}) as productivity_high,
    cast(rep_months as bigint) as productivity_rep_months,
    basis as productivity_basis,
    capacity,
    quota,
    quota_basis,
    cast(capacity_gap as {{ money_type() }}) as capacity_gap,
    round(cast(coverage as double), 6) as coverage,
    cast(round(cast(coverage * quota as double), 2) as {{ money_type() }}) as pipeline_for_quota,
    cast(case when mean_won > 0 then ceiling(cast(capacity_gap as double) / (3 * mean_won)) when capacity_gap = 0 then 0 end as bigint) as hires_needed,
    case when capacity_gap > 0 and mean_won > 0 then cast({{ dbt.dateadd('month', '-ramp_months', 'period_start') }} as date) end as hire_by,
    case when capacity_gap > 0 and mean_won > 0 then {{ dbt.dateadd('month', '-ramp_months', 'period_start') }} <= as_of end as is_too_late,
    nullif(concat_ws(
        '; ',
        case when quota is null then 'quota: none is set for the quarter' end,
        case when mean_won is null then 'productivity: no whole month of a ramped rep is known' end,
        case when capacity_gap > 0 and mean_won = 0 then 'hires_needed: ramped reps won nothing in the last twelve months' end,
        case when coverage is null then 'coverage: no whole quarter is known' end
    ), '') as unknown
from judged
