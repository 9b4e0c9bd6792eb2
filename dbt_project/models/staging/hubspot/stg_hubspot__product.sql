-- One row per delivered row of HubSpot's products: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'product') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as product_id,
        {{ text('name') }} as name,
        {{ money('price') }} as list_price,
        {{ text('hs_sku') }} as sku,
        {{ moment('hs_lastmodifieddate') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('name'),
            readable_money('price'),
            plausible_money('price')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['product_id', 'name', 'list_price', 'sku', 'updated_at', 'is_deleted'],
    key=['product_id'], newest_by='updated_at'
) }}
