-- One row per subject that does not belong to one system (leads, activity, e-mail, targets): since which day it can be told (known_since), or what would help.
{{ config(materialized='view') }}
with lead_record as (

    select * from {{ ref('int_lead') }}

),

lead_deal as (

    select * from {{ ref('int_lead_deal') }}

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

    select timezone from {{ source('config', 'run') }}

),

general as (

    select 'leads' as subject, min({{ local_day('lead_record.created_at') }}) as known_since from lead_record cross join run
    union all
    select 'qualification', min(case when lead_record.qualified_at is not null then {{ local_day('lead_record.created_at') }} end)
    from lead_record cross join run
    union all
    select 'lead_link', min({{ local_day('lead_deal.opportunity_created_at') }}) from lead_deal cross join run
    union all
    select 'activity', min(occurred_on) from activity
    union all
    select 'email', min(occurred_on) from email_event
    union all
    select 'targets', min(period_start) from target

)

select
    'all' as source_system, subject, known_since,
    case
        when known_since is not null then 'the first one delivered is of that day'
        when subject = 'leads' then 'no leads are delivered'
        when subject = 'qualification' then 'no lead is delivered with the time at which it was qualified'
        when subject = 'lead_link' then 'no deal names the lead that it came from, and no lead its deal'
        when subject = 'activity' then 'no activity is delivered'
        when subject = 'email' then 'no e-mail events are delivered'
        when subject = 'targets' then 'no sheet of targets is delivered, and no quotas of a CRM'
    end as reason,
    case when known_since is null then case subject
        when 'leads' then 'lead'
        when 'qualification' then 'lead with qualified_at'
        when 'lead_link' then 'lead with opportunity_id, or opportunity with lead_id'
        when 'activity' then 'activity (calls, meetings, tasks)'
        when 'email' then 'email_event'
        when 'targets' then 'target, or Salesforce''s forecasting_quota'
    end end as extract_that_helps
from general
