-- One row per delivered row of Instantly's list of campaigns: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('instantly', 'campaign') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as campaign_id,
        {{ text('name') }} as name,
        case {{ text('status') }}
            when '0' then 'draft' when '1' then 'active' when '2' then 'paused' when '3' then 'completed' when '4' then 'running subsequences'
            when '-99' then 'suspended' when '-1' then 'unhealthy' when '-2' then 'bounce protect' else {{ text('status') }} end as status,
        {{ moment('timestamp_created') }} as created_at,
        {{ moment('timestamp_updated') }} as updated_at,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('name'),
            readable_moment('timestamp_created'),
            not_after_extract('timestamp_created'),
            readable_moment('timestamp_updated')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['campaign_id', 'name', 'status', 'created_at', 'updated_at'],
    key=['campaign_id'], newest_by='updated_at'
) }}
