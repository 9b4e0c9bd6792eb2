-- One row per delivered row of HubSpot's history of deal stages: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'deal_stage') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('deal_id') }} as deal_id,
        {{ text('value') }} as stage_word,
        {{ moment('date_entered') }} as entered_at,
        {{ moment('_fivetran_end') }} as left_at,
        {{ flag('_fivetran_active') }} as is_current,
        {{ text('source') }} as change_source,
        {{ text('source_id') }} as change_source_id,
        {{ delivery_columns() }},
        {{ problem([
            required('deal_id'),
            required('value'),
            required('date_entered'),
            readable_moment('date_entered'),
            not_after_extract('date_entered')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['deal_id', 'stage_word', 'entered_at', 'left_at', 'is_current', 'change_source', 'change_source_id'],
    key=['deal_id', 'stage_word', 'entered_at'], newest_by='cast(null as timestamp)'
) }}
