-- One row per delivered row of what HubSpot says of mails that were delivered: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_delivered') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        {{ text('response') }} as response,
        {{ text('smtp_id') }} as smtp_id,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'response', 'smtp_id'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
