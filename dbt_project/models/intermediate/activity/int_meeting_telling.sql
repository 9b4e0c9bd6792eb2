-- One row per system and booking of a meeting, or holding of one, that it tells of by T. What the CRM tells as well is a repeat: it counts once.
-- The same: with the same address, by the same rep where both are known, and within two hours. Each repeats one at most, and is repeated by
-- one at most: the nearest of either.
{#- Instantly tells when somebody marked a meeting as booked or held, which may be after the meeting. The CRM tells when it is. -#}
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
        activity.told_by, activity.source_system, activity.activity_id, activity.booked_at, activity.occurred_at, activity.is_held,
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
        meeting.person_key, meeting.rep_key
    from meeting
    cross join run
    where meeting.booked_at < run.as_of_end

    union all

    select told_by, source_system, activity_id, 'meeting_held', occurred_at, person_key, rep_key
    from meeting
    where is_held

){% if uses('instantly') %},

near as (

    select
        instantly.activity_id, instantly.event_type, crm.source_system as repeats_system, crm.activity_id as repeats_id,
        abs({{ dbt.datediff('crm.told_at', 'instantly.told_at', 'second') }}) as seconds_apart
    from telling as instantly
    inner join telling as crm
        on instantly.person_key = crm.person_key
        and instantly.event_type = crm.event_type
        and instantly.source_system <> crm.source_system
        and crm.told_at between {{ dbt.dateadd('second', -tolerance, 'instantly.told_at') }}
            and {{ dbt.dateadd('second', tolerance, 'instantly.told_at') }}
        and coalesce(instantly.rep_key = crm.rep_key, true)
    where instantly.told_by = 'instantly.event'

),

repeat as (

    select *
    from near
    qualify
        row_number() over (partition by event_type, activity_id order by seconds_apart, repeats_system, repeats_id) = 1
        and row_number() over (partition by event_type, repeats_system, repeats_id order by seconds_apart, activity_id) = 1

){% endif %}

select
    telling.told_by,
    telling.source_system,
    telling.activity_id,
    telling.event_type,
    telling.told_at,
    {% if uses('instantly') -%}
    repeat.repeats_system,
    repeat.repeats_id
    {%- else -%}
    cast(null as varchar) as repeats_system,
    cast(null as varchar) as repeats_id
    {%- endif %}
from telling
{% if uses('instantly') -%}
left join repeat
    on telling.told_by = 'instantly.event' and telling.activity_id = repeat.activity_id and telling.event_type = repeat.event_type
{%- endif %}
