-- One row per delivered row of the stages of HubSpot's deal pipelines: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'deal_pipeline_stage') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('stage_id') }} as stage_id,
        {{ text('pipeline_id') }} as pipeline_id,
        {{ text('label') }} as label,
        {{ plain_number('display_order', 'bigint') }} as display_order,
        coalesce({{ plain_number('probability', 'double') }}, {{ plain_number(json_text(text('metadata'), "'$.probability'"), 'double') }}) as probability,
        coalesce({{ flag('is_closed') }}, {{ flag(json_text(text('metadata'), "'$.isClosed'")) }}) as is_closed,
        {{ flag('closed_won') }} as is_won,
        {{ flag('active') }} as is_active,
        {{ moment('created_at') }} as created_at,
        {{ moment('updated_at') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('stage_id'),
            required('pipeline_id'),
            readable_number('display_order', 'bigint'),
            readable_number('probability', 'double'),
            readable_flag('is_closed'),
            readable_flag('closed_won')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['stage_id', 'pipeline_id', 'label', 'display_order', 'probability', 'is_closed', 'is_won', 'is_active', 'created_at', 'updated_at', 'is_deleted'],
    key=['stage_id', 'pipeline_id'], newest_by='updated_at'
) }}
