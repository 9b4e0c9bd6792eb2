-- One row per delivered row of Salesforce's Lead: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'lead') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as lead_id,
        {{ salesforce_id('master_record_id') }} as master_id,
        {{ salesforce_id('converted_account_id') }} as account_id,
        {{ salesforce_id('converted_contact_id') }} as contact_id,
        {{ salesforce_id('owner_id') }} as owner_id,
        coalesce({{ text('name') }}, nullif(trim(concat_ws(' ', {{ text('first_name') }}, {{ text('last_name') }})), '')) as name,
        {{ address('email') }} as email,
        {{ text('title') }} as title,
        {{ text('company') }} as company,
        {{ text('industry') }} as industry,
        {{ plain_number('number_of_employees', 'bigint') }} as employees,
        {{ text('country') }} as country,
        {{ text('lead_source') }} as source,
        {{ text('status') }} as status,
        {{ moment('created_date') }} as created_at,
        {{ moment('converted_date') }} as converted_at,
        {{ salesforce_id('converted_opportunity_id') }} as opportunity_id,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('created_date'),
            readable_moment('created_date'),
            not_after_extract('created_date'),
            readable_moment('converted_date'),
            readable_number('number_of_employees', 'bigint')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['lead_id', 'master_id', 'account_id', 'contact_id', 'owner_id', 'name', 'email', 'title', 'company', 'industry', 'employees', 'country', 'source', 'status', 'created_at', 'converted_at', 'opportunity_id', 'updated_at', 'is_deleted', 'extra'],
    key=['lead_id'], newest_by='updated_at'
) }}
