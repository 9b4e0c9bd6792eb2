-- One row per delivered row of HubSpot's users: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'user') }}

),

typed as (

    select
        {{ text('id') }} as user_id,
        {{ address('email') }} as email,
        nullif(trim(concat_ws(' ', {{ text('first_name') }}, {{ text('last_name') }})), '') as name,
        {{ text('primary_team_id') }} as primary_team_id,
        {{ text('role_id') }} as role_id,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['user_id', 'email', 'name', 'primary_team_id', 'role_id'],
    key=['user_id'], newest_by='cast(null as timestamp)'
) }}
