-- One row per delivered row of HubSpot's teams: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'team') }}

),

typed as (

    select
        {{ text('id') }} as team_id,
        {{ text('name') }} as name,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('name')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['team_id', 'name', 'is_deleted'],
    key=['team_id'], newest_by='cast(null as timestamp)'
) }}
