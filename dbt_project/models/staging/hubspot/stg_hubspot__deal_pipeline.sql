-- One row per delivered row of HubSpot's deal pipelines: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'deal_pipeline') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('pipeline_id') }} as pipeline_id,
        {{ text('label') }} as label,
        {{ plain_number('display_order', 'bigint') }} as display_order,
        {{ flag('active') }} as is_active,
        {{ moment('created_at') }} as created_at,
        {{ moment('updated_at') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('pipeline_id'),
            readable_number('display_order', 'bigint')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['pipeline_id', 'label', 'display_order', 'is_active', 'created_at', 'updated_at', 'is_deleted'],
    key=['pipeline_id'], newest_by='updated_at'
) }}
