-- One row per delivered row of Salesforce's User: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'user') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as user_id,
        coalesce({{ text('name') }}, nullif(trim(concat_ws(' ', {{ text('first_name') }}, {{ text('last_name') }})), '')) as name,
        {{ address('email') }} as email,
        {{ salesforce_id('user_role_id') }} as user_role_id,
        {{ text('title') }} as title,
        {{ text('team') }} as team,
        {{ salesforce_id('manager_id') }} as manager_id,
        {{ flag('is_active') }} as is_active,
        {{ calendar_day('start_date__c') }} as started_on,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_flag('is_active'),
            readable_day('start_date__c')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['user_id', 'name', 'email', 'user_role_id', 'title', 'team', 'manager_id', 'is_active', 'started_on', 'extra'],
    key=['user_id']
) }}
