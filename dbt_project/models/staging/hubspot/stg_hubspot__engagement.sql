-- One row per delivered row of the heads of HubSpot's engagements: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'engagement') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as engagement_id,
        lower({{ text('type') }}) as engagement_type,
        {{ moment('occurred_at') }} as occurred_at,
        {{ moment('created_at') }} as created_at,
        {{ text('owner_id') }} as owner_id,
        {{ flag('active') }} as is_active,
        {{ moment('last_updated') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('type'),
            readable_moment('occurred_at'),
            readable_moment('created_at'),
            not_after_extract('created_at')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['engagement_id', 'engagement_type', 'occurred_at', 'created_at', 'owner_id', 'is_active', 'updated_at', 'is_deleted'],
    key=['engagement_id'], newest_by='updated_at'
) }}
