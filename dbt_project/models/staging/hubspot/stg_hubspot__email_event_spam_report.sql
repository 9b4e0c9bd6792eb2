-- One row per delivered row of what HubSpot says of mails reported as spam: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_spam_report') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        {{ text('ip_address') }} as ip_address,
        {{ text('user_agent') }} as user_agent,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'ip_address', 'user_agent'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
