-- One row per delivered row of Salesforce's Account: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'account') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as account_id,
        {{ salesforce_id('master_record_id') }} as master_id,
        {{ text('name') }} as name,
        {{ address('website') }} as domain,
        {{ text('industry') }} as industry,
        {{ plain_number('number_of_employees', 'bigint') }} as employees,
        {{ text('billing_country') }} as country,
        {{ salesforce_id('owner_id') }} as owner_id,
        {{ moment('created_date') }} as created_at,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_number('number_of_employees', 'bigint'),
            readable_moment('created_date'),
            not_after_extract('created_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['account_id', 'master_id', 'name', 'domain', 'industry', 'employees', 'country', 'owner_id', 'created_at', 'updated_at', 'is_deleted', 'extra'],
    key=['account_id'], newest_by='updated_at'
) }}
