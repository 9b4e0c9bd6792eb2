-- One row per system and booking of a meeting, or holding of one, that it tells of by T. What the CRM tells as well is a repeat: it counts once.
-- The same: with the same address, by the same rep where both are known, and within two hours. Each repeats one at most, and is repeated by
-- one at most: the nearest of either.
{#- A sending tool says when somebody marked a meeting as booked or held, which may be after the meeting. The CRM says when it is. -#}
{%- set tolerance = 7200 %}
with activity as (

    select * from {{ ref('int_activity_telling') }} where activity_type = 'meeting'

),

lead as (

    select * from {{ ref('int_lead') }}

),

contact as (

    select * from {{ ref('int_contact') }}

),

person as (

    select * from {{ ref('int_person') }}

),

run as (

    select as_of_end from {{ source('config', 'run') }}

),

meeting as (

    select
        activity.told_by, activity.source_system, activity.activity_id, activity.booked_at, activity.occurred_at, activity.is_held, activity.may_repeat,
        {{ email_key('coalesce(activity.email, contact.email, lead.email)') }} as person_key,
        coalesce(rep.person_id, activity.rep_source_system || '|' || activity.rep_id) as rep_key
    from activity
    left join lead on activity.source_system = lead.source_system and activity.lead_id = lead.lead_id
    left join contact on activity.source_system = contact.source_system and activity.contact_id = contact.contact_id
    left join person as rep
        on activity.rep_source_system = rep.source_system and rep.object = 'user' and activity.rep_id = rep.record_id

),

telling as (

    select meeting.told_by, meeting.source_system, meeting.activity_id, 'meeting_booked' as event_type, meeting.booked_at as told_at,
        meeting.person_key, meeting.rep_key, meeting.may_repeat
    from meeting
    cross join run
    where meeting.booked_at < run.as_of_end

    union all

    select told_by, source_system, activity_id, 'meeting_held', occurred_at, person_key, rep_key, may_repeat
    from meeting
    where is_held

),

near as (

    select
        tool.source_system, tool.activity_id, tool.event_type, crm.source_system as repeats_system, crm.activity_id as repeats_id,
        abs({{ dbt.datediff('crm.told_at', 'tool.told_at', 'second') }}) as seconds_apart
    from telling as tool
    inner join telling as crm
        on tool.person_key = crm.person_key
        and tool.event_type = crm.event_type
        and tool.source_system <> crm.source_system
        and crm.told_at between {{ dbt.dateadd('second', -tolerance, 'tool.told_at') }}
            and {{ dbt.dateadd('second', tolerance, 'tool.told_at') }}
        and coalesce(tool.rep_key = crm.rep_key, true)
    where tool.may_repeat

),

repeat as (

    select *
    from near
    qualify
        row_number() over (partition by source_system, event_type, activity_id order by seconds_apart, repeats_system, repeats_id) = 1
        and row_number() over (partition by event_type, repeats_system, repeats_id order by seconds_apart, source_system, activity_id) = 1

)

select
    telling.told_by,
    telling.source_system,
    telling.activity_id,
    telling.event_type,
    telling.told_at,
    repeat.repeats_system,
    repeat.repeats_id
from telling
left join repeat
    on telling.may_repeat
    and telling.source_system = repeat.source_system
    and telling.activity_id = repeat.activity_id
    and telling.event_type = repeat.event_type
