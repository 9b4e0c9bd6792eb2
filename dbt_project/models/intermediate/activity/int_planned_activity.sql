-- One row per activity that an extract told of before it was done or took place, as last delivered.
-- A system without any such row does not tell what is planned.
with generic_activity as (

    select * from {{ ref('stg_generic__activity') }}

),

{% if uses('salesforce') -%}
salesforce_task as (

    select * from {{ ref('stg_salesforce__task') }}

),

salesforce_event as (

    select * from {{ ref('stg_salesforce__event') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_engagement as (

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

),

{% endif -%}
run as (

    select timezone, as_of, as_of_end from {{ source('config', 'run') }}

),

delivered as (

    select
        _system as source_system, 'activity' as object, activity_id, opportunity_id, occurred_at as planned_at,
        occurred_at >= {{ dbt.dateadd('day', 1, '_extracted_at') }} as is_plan, true as is_still_on, _extracted_at
    from generic_activity
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    select
        _system, 'task', activity_id, case when what_id like '006%' then what_id end, occurred_at, not is_done, not is_done and not is_deleted,
        _extracted_at
    from salesforce_task
    where row_disposition = 'loaded'

    union all

    select
        _system, 'event', activity_id, case when what_id like '006%' then what_id end, occurred_at,
        occurred_at >= {{ dbt.dateadd('day', 1, '_extracted_at') }}, not is_deleted, _extracted_at
    from salesforce_event
    where row_disposition = 'loaded'
    {%- endif %}
    {%- if uses('hubspot') %}

    union all

    select
        dated._system, dated.object, dated.engagement_id, link.deal_id, dated.planned_at,
        case when dated.object = 'task' then dated.is_open else dated.planned_at >= {{ dbt.dateadd('day', 1, 'dated._extracted_at') }} end,
        coalesce(dated.is_open, true) and not dated.is_deleted, dated._extracted_at
    from hubspot_dated as dated
    left join hubspot_link as link on dated.engagement_id = link.engagement_id
    {%- endif %}

),

told as (

    select
        *,
        max(case when is_plan then 1 else 0 end) over by_activity as was_plan,
        row_number() over (partition by source_system, object, activity_id order by _extracted_at desc) as recency
    from delivered
    window by_activity as (partition by source_system, object, activity_id)

)

select
    told.source_system,
    told.activity_id,
    told.opportunity_id,
    {{ local_day('told.planned_at') }} as planned_on,
    -- After T: what is due on the as-of day itself was to be done by its end.
    told.is_still_on and told.planned_at >= run.as_of_end as is_ahead
from told
cross join run
where told.was_plan = 1 and told.recency = 1
