-- One row per delivered row of HubSpot's teams: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'team') }}

),

typed as (

    select
        {{ text('id') }} as team_id,
        {{ text('name') }} as name,
        coalesce({{ flag('is_deleted') }}, false) or coalesce({{ flag('_fivetran_deleted') }}, false) or coalesce({{ flag('archived') }}, false) as is_deleted,
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
