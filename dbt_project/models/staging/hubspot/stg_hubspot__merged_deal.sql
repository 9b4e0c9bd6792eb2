-- One row per delivered row of HubSpot's merged deals: which deal was merged into which: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'merged_deal') }}

),

typed as (

    select
        {{ text('deal_id') }} as deal_id,
        {{ text('merged_deal_id') }} as merged_deal_id,
        {{ delivery_columns() }},
        {{ problem([
            required('deal_id'),
            required('merged_deal_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['deal_id', 'merged_deal_id'],
    key=['deal_id', 'merged_deal_id'], newest_by='cast(null as timestamp)'
) }}
