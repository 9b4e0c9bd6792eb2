-- One row per quota of a user that Salesforce keeps (ForecastingQuota), as last delivered: a target for bookings.
with newest_quota as (

    select *
    from {{ ref('stg_salesforce__forecasting_quota') }}
    where row_disposition = 'loaded' and quota_amount is not null
    qualify row_number() over (partition by quota_id order by _extracted_at desc) = 1

),

-- A company may keep several kinds of quota (by product, overlay): the kind with the most rows is the one that bookings are held against.
main_type as (

    select coalesce(forecasting_type_id, '') as forecasting_type_id
    from newest_quota
    group by coalesce(forecasting_type_id, '')
    order by count(*) desc, coalesce(forecasting_type_id, '')
    limit 1

),

quota as (

    select newest_quota.*
    from newest_quota
    inner join main_type on coalesce(newest_quota.forecasting_type_id, '') = main_type.forecasting_type_id

),

period_begin as (

    select period_start, lag(period_start) over (order by period_start) as previous_start
    from (select distinct period_start from quota) as begun

),

-- Salesforce does not say how long a quota's period is: quotas that never begin less than three months apart are of quarters.
gap as (

    select min({{ dbt.datediff('previous_start', 'period_start', 'day') }}) as days from period_begin

)

select
    {{ canonical('target', ['period_start', '_file', '_row'], {
        'source_system': 'quota._system',
        'scope': "'rep'",
        'scope_id': 'quota.user_id',
        'user_system': 'quota._system',
        'metric': "'bookings'",
        'period_type': "case when gap.days >= 85 then 'quarter' else 'month' end",
        'target_value': 'quota.quota_amount',
        'known_by': "'crm'"
    }) }}
from quota
cross join gap
