-- One row per HubSpot engagement that is a rep's activity: calls, meetings, finished tasks and e-mails that went out, with the deal,
-- contact and company it is linked to.
with engagement as (

    select * from {{ ref('stg_hubspot__engagement') }}

),

call as (

    select * from {{ ref('stg_hubspot__engagement_call') }}

),

meeting as (

    select * from {{ ref('stg_hubspot__engagement_meeting') }}

),

task as (

    select * from {{ ref('stg_hubspot__engagement_task') }}

),

email as (

    select * from {{ ref('stg_hubspot__engagement_email') }}

),

link as (

    select * from {{ ref('int_hubspot_engagement_link') }}

),

owner_name as (

    select * from {{ ref('int_hubspot_owner_name') }}

),

head as (

    {{ newest_telling('engagement', ['engagement_id']) }}

),

newest_call as (

    {{ newest_telling('call', ['engagement_id']) }}

),

newest_meeting as (

    {{ newest_telling('meeting', ['engagement_id']) }}

),

newest_task as (

    {{ newest_telling('task', ['engagement_id']) }}

),

newest_email as (

    {{ newest_telling('email', ['engagement_id']) }}

),

detailed as (

    select _system, engagement_id, 'call' as activity_type, occurred_at, created_at, owner_id, outcome, is_deleted, true as is_done
    from newest_call
    union all
    select _system, engagement_id, 'meeting', coalesce(started_at, occurred_at), created_at, owner_id, outcome, is_deleted, true
    from newest_meeting
    union all
    -- A task is done when HubSpot says so; one without a status is not known to be.
    select
        _system, engagement_id, 'task', coalesce(completed_at, occurred_at), created_at, owner_id, status, is_deleted,
        completed_at is not null or coalesce(status, '') = 'completed'
    from newest_task
    union all
    select _system, engagement_id, 'email', occurred_at, created_at, owner_id, outcome, is_deleted, coalesce(direction, 'email') <> 'incoming_email'
    from newest_email

),

-- Older replicas keep the time and the owner in the head alone; a call or meeting that has no other row is told by its head.
activity as (

    select
        detailed._system as source_system, detailed.engagement_id, detailed.activity_type,
        coalesce(detailed.occurred_at, head.occurred_at) as occurred_at,
        coalesce(detailed.created_at, head.created_at) as created_at,
        coalesce(detailed.owner_id, head.owner_id) as owner_word,
        detailed.outcome
    from detailed
    left join head on detailed.engagement_id = head.engagement_id
    where detailed.is_done and not detailed.is_deleted and not coalesce(head.is_deleted, false)

    union all

    select head._system, head.engagement_id, head.engagement_type, head.occurred_at, head.created_at, head.owner_id, cast(null as varchar)
    from head
    left join detailed on head.engagement_id = detailed.engagement_id
    where detailed.engagement_id is null and not head.is_deleted and head.engagement_type in ('call', 'meeting')

)

select
    activity.source_system,
    activity.engagement_id as activity_id,
    activity.activity_type,
    activity.occurred_at,
    case when activity.activity_type = 'meeting' then activity.created_at end as booked_at,
    coalesce(owner_name.owner_id, activity.owner_word) as rep_id,
    link.contact_id as lead_id,
    link.company_id as account_id,
    link.deal_id as opportunity_id,
    activity.outcome
from activity
left join owner_name on lower(activity.owner_word) = owner_name.word
left join link on activity.engagement_id = link.engagement_id
