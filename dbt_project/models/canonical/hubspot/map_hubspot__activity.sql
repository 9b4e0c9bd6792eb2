-- One row per HubSpot engagement that was done: call, meeting, task or logged e-mail.
select
    {{ canonical('activity', ['source_system', 'activity_id', 'activity_type', 'occurred_at', 'booked_at', 'lead_id', 'account_id', 'opportunity_id', 'outcome'], {
        'known_from': "'hubspot.engagement'",
        'user_id': 'rep_id',
        'may_repeat': 'false',
        '_extracted_at': 'cast(null as timestamp)'
    }) }}
from {{ ref('int_hubspot_activity') }}
