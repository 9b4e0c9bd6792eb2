-- One row per delivered row of the generic product extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'product') }}

),

typed as (

    select
        {{ text('product_id') }} as product_id,
        {{ text('name') }} as name,
        {{ text('family') }} as family,
        {{ money('list_price') }} as list_price,
        upper({{ text('currency') }}) as currency,
        {{ delivery_columns() }},
        {{ problem([
            required('product_id'),
            required('name'),
            readable_money('list_price'),
            plausible_money('list_price'),
            not_negative('list_price', money('list_price'))
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['product_id', 'name', 'family', 'list_price', 'currency'],
    key=['product_id']
) }}
