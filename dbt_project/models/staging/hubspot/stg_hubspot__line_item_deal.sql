-- One row per delivered row of HubSpot's associations of line items with deals: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'line_item_deal') }}

),

typed as (

    select
        {{ text('line_item_id') }} as line_item_id,
        {{ text('deal_id') }} as deal_id,
        {{ text('type_id') }} as type_id,
        {{ text('category') }} as category,
        {{ delivery_columns() }},
        {{ problem([
            required('line_item_id'),
            required('deal_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['line_item_id', 'deal_id', 'type_id', 'category'],
    key=['line_item_id', 'deal_id', 'type_id'], newest_by='cast(null as timestamp)'
) }}
