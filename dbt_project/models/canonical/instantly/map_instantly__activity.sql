-- One row per meeting that Instantly says was booked, held or missed, but not for when. The booking alone is no meeting that was held.
with event as (

    select * from {{ ref('stg_instantly__event') }} where row_disposition = 'loaded'

),

campaign_lead as (

    select * from {{ ref('int_instantly_campaign_lead') }}

)

select
    {{ canonical('activity', [], {
        'source_system': 'event._system',
        'known_from': "'instantly.event'",
        'activity_id': 'event.event_id',
        'activity_type': "'meeting'",
        'occurred_at': 'event.occurred_at',
        'booked_at': "case when event.event_type = 'lead_meeting_booked' then event.occurred_at end",
        'rep_email': 'event.sender_email',
        'lead_id': 'campaign_lead.lead_id',
        'outcome': "case event.event_type when 'lead_meeting_booked' then 'booking only' when 'lead_no_show' then 'no show' else 'held' end",
        'email': 'event.lead_email',
        'may_repeat': 'true',
        '_extracted_at': 'event._extracted_at'
    }) }}
from event
left join campaign_lead on event.lead_email = campaign_lead.email and event.campaign_id = campaign_lead.campaign_id
where event.event_type in ('lead_meeting_booked', 'lead_meeting_completed', 'lead_no_show')
