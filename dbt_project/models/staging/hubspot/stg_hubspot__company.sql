-- One row per delivered row of HubSpot's companies: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'company') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as company_id,
        {{ text('name') }} as name,
        coalesce(lower({{ text('domain') }}), {{ address('website') }}) as domain,
        {{ text('industry') }} as industry,
        {{ plain_number('numberofemployees', 'bigint') }} as employees,
        {{ text('country') }} as country,
        {{ moment('createdate') }} as created_at,
        {{ text('hs_merged_object_ids') }} as merged_ids,
        {{ moment('hs_lastmodifieddate') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_moment('createdate'),
            not_after_extract('createdate'),
            readable_number('numberofemployees', 'bigint')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['company_id', 'name', 'domain', 'industry', 'employees', 'country', 'created_at', 'merged_ids', 'updated_at', 'is_deleted', 'extra'],
    key=['company_id'], newest_by='updated_at'
) }}
