-- One row per delivered row of HubSpot's e-mail events: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        lower({{ text('type') }}) as hubspot_type,
        {{ moment('created') }} as occurred_at,
        {{ address('recipient') }} as recipient_email,
        {{ text('email_campaign_id') }} as email_campaign_id,
        coalesce({{ text('sent_by_id') }}, {{ json_text(text('sent_by'), "'$.id'") }}) as sent_by_id,
        {{ text('caused_by_id') }} as caused_by_id,
        coalesce({{ flag('filtered_event') }}, false) as is_filtered,
        {{ address('from_address') }} as sender_email,
        {{ text('app_id') }} as app_id,
        lower({{ text('portal_subscription_status') }}) as subscription_status,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('type'),
            required('created'),
            known_value('type', ['sent', 'delivered', 'open', 'click', 'bounce', 'dropped', 'deferred', 'processed', 'forward', 'print', 'spamreport', 'statuschange', 'suppressed', 'unbounce', 'reply']),
            readable_moment('created'),
            not_after_extract('created'),
            readable_flag('filtered_event')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['event_id', 'hubspot_type', 'occurred_at', 'recipient_email', 'email_campaign_id', 'sent_by_id', 'caused_by_id', 'is_filtered', 'sender_email', 'app_id', 'subscription_status'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
