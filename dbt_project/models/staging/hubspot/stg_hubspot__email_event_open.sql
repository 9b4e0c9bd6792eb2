-- One row per delivered row of what HubSpot says of openings of mails: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_event_open') }}

),

typed as (

    select
        {{ text('id') }} as event_id,
        {{ plain_number('duration', 'bigint') }} as duration_milliseconds,
        {{ text('browser') }} as browser,
        {{ text('ip_address') }} as ip_address,
        {{ text('location') }} as location,
        {{ text('user_agent') }} as user_agent,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['event_id', 'duration_milliseconds', 'browser', 'ip_address', 'location', 'user_agent'],
    key=['event_id'], newest_by='cast(null as timestamp)'
) }}
