-- One row per delivered row of Salesforce's Campaign: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'campaign') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as campaign_id,
        {{ text('name') }} as name,
        {{ text('type') }} as type,
        {{ calendar_day('start_date') }} as started_on,
        {{ moment('created_date') }} as created_at,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('name'),
            readable_day('start_date'),
            readable_moment('created_date'),
            not_after_extract('created_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['campaign_id', 'name', 'type', 'started_on', 'created_at', 'updated_at', 'is_deleted'],
    key=['campaign_id'], newest_by='updated_at'
) }}
