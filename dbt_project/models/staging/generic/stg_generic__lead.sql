-- One row per delivered row of the generic lead extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'lead') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('lead_id') }} as lead_id,
        {{ text('account_id') }} as account_id,
        {{ text('owner_id') }} as owner_id,
        {{ text('name') }} as name,
        {{ address('email') }} as email,
        {{ text('title') }} as title,
        {{ text('company') }} as company,
        {{ text('industry') }} as industry,
        {{ plain_number('employees', 'bigint') }} as employees,
        {{ text('country') }} as country,
        {{ text('source') }} as source,
        {{ text('status') }} as status,
        {{ moment('created_at') }} as created_at,
        {{ moment('qualified_at') }} as qualified_at,
        {{ moment('converted_at') }} as converted_at,
        {{ text('opportunity_id') }} as opportunity_id,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('lead_id'),
            required('created_at'),
            readable_moment('created_at'),
            not_after_extract('created_at'),
            readable_moment('qualified_at'),
            readable_moment('converted_at'),
            readable_number('employees', 'bigint')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['lead_id', 'account_id', 'owner_id', 'name', 'email', 'title', 'company', 'industry', 'employees', 'country', 'source', 'status', 'created_at', 'qualified_at', 'converted_at', 'opportunity_id', 'extra'],
    key=['lead_id']
) }}
