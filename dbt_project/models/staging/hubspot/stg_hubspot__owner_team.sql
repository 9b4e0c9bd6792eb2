-- One row per delivered row of HubSpot's memberships of owners in teams: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'owner_team') }}

),

typed as (

    select
        {{ text('owner_id') }} as owner_id,
        {{ text('team_id') }} as team_id,
        {{ flag('is_team_primary') }} as is_primary,
        {{ delivery_columns() }},
        {{ problem([
            required('owner_id'),
            required('team_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['owner_id', 'team_id', 'is_primary'],
    key=['owner_id', 'team_id'], newest_by='cast(null as timestamp)'
) }}
