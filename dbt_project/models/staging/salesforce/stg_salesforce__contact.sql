-- One row per delivered row of Salesforce's Contact: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'contact') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as contact_id,
        {{ salesforce_id('master_record_id') }} as master_id,
        {{ salesforce_id('account_id') }} as account_id,
        {{ text('name') }} as name,
        {{ address('email') }} as email,
        {{ text('title') }} as title,
        {{ text('lead_source') }} as source,
        {{ salesforce_id('owner_id') }} as owner_id,
        {{ moment('created_date') }} as created_at,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_moment('created_date'),
            not_after_extract('created_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['contact_id', 'master_id', 'account_id', 'name', 'email', 'title', 'source', 'owner_id', 'created_at', 'updated_at', 'is_deleted', 'extra'],
    key=['contact_id'], newest_by='updated_at'
) }}
