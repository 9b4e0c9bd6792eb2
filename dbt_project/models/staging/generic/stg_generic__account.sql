-- One row per delivered row of the generic account extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'account') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('account_id') }} as account_id,
        {{ text('name') }} as name,
        {{ address('domain') }} as domain,
        {{ text('industry') }} as industry,
        {{ plain_number('employees', 'bigint') }} as employees,
        {{ text('country') }} as country,
        {{ moment('created_at') }} as created_at,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('account_id'),
            readable_number('employees', 'bigint'),
            readable_moment('created_at'),
            not_after_extract('created_at')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['account_id', 'name', 'domain', 'industry', 'employees', 'country', 'created_at', 'extra'],
    key=['account_id']
) }}
