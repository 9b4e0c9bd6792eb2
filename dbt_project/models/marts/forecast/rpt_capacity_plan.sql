-- One row per (fiscal) quarter, the current one and the next four, and team, and the company: what its sellers can bring, whether that is enough for the quota,
-- and how many more it takes, hired by when.
with quarter as (

    select * from {{ ref('int_capacity_quarter') }}

),

productive as (

    select * from {{ ref('int_capacity_productivity') }}

),

staffed as (

    select * from {{ ref('int_capacity_staff') }}

),

quota as (

    select * from {{ ref('int_quota') }} where {{ is_quarter('period_type') }}

),

coverage as (

    select * from {{ ref('int_capacity_coverage') }}

),

forecast as (

    select ramp_months from {{ source('config', 'forecast') }}

),

run as (

    select as_of from {{ source('config', 'run') }}

),

planned as (

    select
        quarter.period_type, quarter.period_start, quarter.period_end,
        productive.scope, productive.scope_id,
        coalesce(staffed.sellers, 0) as sellers,
        coalesce(staffed.ramped_months, 0) as ramped_months,
        productive.mean_won, productive.deviation, productive.rep_months, productive.basis,
        quota.quota, quota.quota_basis,
        cast(round(productive.mean_won * coalesce(staffed.ramped_months, 0), 2) as {{ money_type() }}) as capacity,
        coverage.coverage,
        forecast.ramp_months,
        run.as_of
    from quarter
    cross join productive
    cross join run
    cross join forecast
    cross join coverage
    left join staffed
        on quarter.period_start = staffed.period_start and productive.scope = staffed.scope and productive.scope_id = staffed.scope_id
    left join quota
        on quarter.period_start = quota.period_start and productive.scope = quota.scope and productive.scope_id = quota.scope_id

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
