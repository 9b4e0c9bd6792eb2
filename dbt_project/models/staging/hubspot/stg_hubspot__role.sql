-- One row per delivered row of HubSpot's roles of users: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'role') }}

),

typed as (

    select
        {{ text('id') }} as role_id,
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
    columns=['role_id', 'name', 'is_deleted'],
    key=['role_id'], newest_by='cast(null as timestamp)'
) }}
