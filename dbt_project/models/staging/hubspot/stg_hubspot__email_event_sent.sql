-- One row per delivered row of what HubSpot says of mails that were sent: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_sent') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        {{ address('from_address') }} as sender_email,
        {{ text('reply_to') }} as reply_to,
        {{ text('subject') }} as subject,
        {{ text('cc') }} as cc,
        {{ text('bcc') }} as bcc,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'sender_email', 'reply_to', 'subject', 'cc', 'bcc'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
