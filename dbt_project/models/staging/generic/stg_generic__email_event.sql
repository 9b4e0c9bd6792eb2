-- One row per delivered row of the generic e-mail event stream: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'email_event') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('event_id') }} as event_id,
        lower({{ text('event_type') }}) as event_type,
        {{ moment('occurred_at') }} as occurred_at,
        {{ text('message_id') }} as message_id,
        {{ text('user_id') }} as user_id,
        {{ address('sender_email') }} as sender_email,
        {{ address('recipient_email') }} as recipient_email,
        {{ text('lead_id') }} as lead_id,
        {{ text('sequence_id') }} as sequence_id,
        {{ text('step') }} as step,
        {{ text('variant') }} as variant,
        {{ delivery_columns() }},
        {{ problem([
            required('event_id'),
            required('event_type'),
            known_value('event_type', ['sent', 'delivered', 'opened', 'clicked', 'replied', 'bounced', 'unsubscribed', 'complained']),
            required('occurred_at'),
            readable_moment('occurred_at'),
            not_after_extract('occurred_at')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['event_id', 'event_type', 'occurred_at', 'message_id', 'user_id', 'sender_email', 'recipient_email', 'lead_id', 'sequence_id', 'step', 'variant'],
    key=['event_id']
) }}
