-- One row per e-mail event of the generic extracts. One without a message id is a message of its own.
select
    {{ canonical('email_event', [
        'event_id', 'event_type', 'occurred_at', 'user_id', 'sender_email', 'recipient_email', 'lead_id', 'sequence_id', 'step', 'variant',
        '_object', '_file', '_row'
    ], {
        'known_from': "'generic.email_event'",
        'precedence': 4,
        'message_id': 'coalesce(message_id, event_id)',
        'own_message_id': 'message_id'
    }) }}
from {{ ref('stg_generic__email_event') }}
where row_disposition = 'loaded'
