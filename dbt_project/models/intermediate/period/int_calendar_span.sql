-- One row per run: the first and the last day that a published table may speak of. From the year of the first deal, lead, activity, e-mail or target to the end of
-- the fiscal year after next, and further where a target or the expected close of an open deal lies there; a date more than ten years ahead is a slip.
with period as (

    select * from {{ ref('int_period') }}

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }}

),

lead_record as (

    select * from {{ ref('int_lead') }}

),

activity as (

    select * from {{ ref('int_activity') }}

),

email_event as (

    select * from {{ ref('int_email_event') }}

),

target as (

    select * from {{ ref('int_target') }}

),

run as (

    select timezone, as_of, fiscal_year_start_month from {{ source('config', 'run') }}

),

told as (

    select min(period_start) as first_day, cast(null as date) as last_day from period
    union all
    select min(created_on), max(case when status = 'open' then expected_close_on end) from opportunity
    union all
    select min({{ local_day('lead_record.created_at') }}), null from lead_record cross join run
    union all
    select min(occurred_on), null from activity
    union all
    select min(occurred_on), null from email_event
    union all
    select min(period_start), max(period_end) from target
    union all
    select null, cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 36, period_start('fiscal_year', 'run.as_of'))) }} as date) from run

)

select
    cast({{ dbt.date_trunc('year', 'min(told.first_day)') }} as date) as first_day,
    max(case when told.last_day <= {{ dbt.dateadd('year', 10, 'run.as_of') }} then told.last_day end) as last_day
from told
cross join run
