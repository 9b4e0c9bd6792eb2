-- One row per HubSpot e-mail event.
select
    {{ canonical('email_event', [
        'source_system', 'event_id', 'event_type', 'occurred_at', 'message_id', 'sender_email', 'recipient_email', 'lead_id', 'sequence_id',
        '_object', '_file', '_row'
    ], {
        'known_from': "'hubspot.email_event'",
        'precedence': 3,
        'own_message_id': 'message_id',
        '_extracted_at': 'cast(null as timestamp)'
    }) }}
from {{ ref('int_hubspot_email_event') }}
