-- One row per delivered row of the generic user extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'user') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('user_id') }} as user_id,
        {{ text('name') }} as name,
        {{ address('email') }} as email,
        {{ text('role') }} as role,
        {{ text('team') }} as team,
        {{ text('pod') }} as pod,
        {{ text('manager_id') }} as manager_id,
        {{ flag('is_active') }} as is_active,
        {{ calendar_day('started_on') }} as started_on,
        {{ calendar_day('ended_on') }} as ended_on,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('user_id'),
            required('name'),
            readable_flag('is_active'),
            readable_day('started_on'),
            readable_day('ended_on')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['user_id', 'name', 'email', 'role', 'team', 'pod', 'manager_id', 'is_active', 'started_on', 'ended_on', 'extra'],
    key=['user_id']
) }}
