-- One row per delivered row of HubSpot's owners: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'owner') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('owner_id') }} as owner_id,
        nullif(trim(concat_ws(' ', {{ text('first_name') }}, {{ text('last_name') }})), '') as name,
        {{ address('email') }} as email,
        {{ text('type') }} as owner_type,
        {{ text('active_user_id') }} as user_id,
        {{ json_text(text('teams'), "'$[0].name'") }} as team_name,
        coalesce({{ flag('is_active') }}, true) and not {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_active,
        {{ moment('created_at') }} as created_at,
        {{ moment('updated_at') }} as updated_at,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('owner_id'),
            readable_flag('is_active'),
            readable_moment('created_at')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['owner_id', 'name', 'email', 'owner_type', 'user_id', 'team_name', 'is_active', 'created_at', 'updated_at', 'extra'],
    key=['owner_id'], newest_by='updated_at'
) }}
