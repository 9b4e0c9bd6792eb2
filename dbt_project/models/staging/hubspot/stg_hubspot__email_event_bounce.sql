-- One row per delivered row of what HubSpot says of mails that bounced: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_bounce') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        {{ text('category') }} as category,
        {{ text('response') }} as response,
        {{ text('status') }} as status,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'category', 'response', 'status'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
