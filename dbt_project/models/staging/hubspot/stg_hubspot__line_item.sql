-- One row per delivered row of HubSpot's line items: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'line_item') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as line_item_id,
        {{ text('product_id') }} as product_id,
        {{ text('deal_id') }} as deal_ids,
        {{ money('quantity') }} as quantity,
        {{ line_amount('amount', 'quantity', 'price') }} as amount,
        {{ moment('hs_lastmodifieddate') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            readable_money('quantity'),
            plausible_money('quantity'),
            readable_money('price'),
            plausible_money('price'),
            readable_money('amount'),
            plausible_money('amount'),
            plausible_line('amount', 'quantity', 'price')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['line_item_id', 'product_id', 'deal_ids', 'quantity', 'amount', 'updated_at', 'is_deleted'],
    key=['line_item_id'], newest_by='updated_at'
) }}
