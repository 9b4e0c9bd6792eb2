-- One row per delivered row of what HubSpot says of mails that were deferred: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_deferred') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        {{ text('response') }} as response,
        {{ plain_number('attempt', 'bigint') }} as attempt,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'response', 'attempt'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
