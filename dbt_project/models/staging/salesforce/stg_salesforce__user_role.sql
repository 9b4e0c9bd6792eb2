-- One row per delivered row of Salesforce's UserRole: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'user_role') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as user_role_id,
        {{ text('name') }} as role_name,
        {{ salesforce_id('parent_role_id') }} as parent_role_id,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('name')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['user_role_id', 'role_name', 'parent_role_id'],
    key=['user_role_id']
) }}
