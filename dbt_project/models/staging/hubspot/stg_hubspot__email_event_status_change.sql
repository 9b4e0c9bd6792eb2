-- One row per delivered row of what HubSpot says of subscriptions that were changed: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_status_change') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        lower({{ text('portal_subscription_status') }}) as subscription_status,
        {{ flag('bounced') }} as is_bounced,
        {{ text('requested_by') }} as requested_by,
        {{ text('source') }} as source,
        {{ text('subscriptions') }} as subscriptions,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'subscription_status', 'is_bounced', 'requested_by', 'source', 'subscriptions'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
