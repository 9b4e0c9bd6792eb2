-- One row per HubSpot task or meeting and extract that said something new of it: a plan while a task is open, or a meeting lies ahead.
with hubspot_engagement as (

    select * from {{ ref('stg_hubspot__engagement') }}

),

hubspot_task as (

    select * from {{ ref('stg_hubspot__engagement_task') }}

),

hubspot_meeting as (

    select * from {{ ref('stg_hubspot__engagement_meeting') }}

),

hubspot_link as (

    select * from {{ ref('int_hubspot_engagement_link') }}

),

hubspot_head as (

    {{ newest_telling('hubspot_engagement', ['engagement_id']) }}

),

-- A task without a status is not known to be open.
hubspot_told as (

    select
        _system, 'task' as object, engagement_id, coalesce(completed_at, occurred_at) as planned_at,
        completed_at is null and status <> 'completed' as is_open, is_deleted, _extracted_at
    from hubspot_task
    where row_disposition = 'loaded'

    union all

    select _system, 'meeting', engagement_id, coalesce(started_at, occurred_at), null, is_deleted, _extracted_at
    from hubspot_meeting
    where row_disposition = 'loaded'

),

-- Older replicas keep the time in the engagement's head alone.
hubspot_dated as (

    select
        told._system, told.object, told.engagement_id, coalesce(told.planned_at, head.occurred_at) as planned_at, told.is_open,
        told.is_deleted or coalesce(head.is_deleted, false) as is_deleted, told._extracted_at
    from hubspot_told as told
    left join hubspot_head as head on told.engagement_id = head.engagement_id

)

select
    {{ canonical('planned_activity', [], {
        'source_system': 'dated._system',
        'object': 'dated.object',
        'activity_id': 'dated.engagement_id',
        'opportunity_id': 'link.deal_id',
        'planned_at': 'dated.planned_at',
        'is_plan': "case when dated.object = 'task' then dated.is_open else dated.planned_at >= " ~ dbt.dateadd('day', 1, 'dated._extracted_at') ~ ' end',
        'is_still_on': 'coalesce(dated.is_open, true) and not dated.is_deleted',
        '_extracted_at': 'dated._extracted_at'
    }) }}
from hubspot_dated as dated
left join hubspot_link as link on dated.engagement_id = link.engagement_id
