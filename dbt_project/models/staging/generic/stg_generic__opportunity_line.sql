-- One row per delivered row of the generic opportunity line extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'opportunity_line') }}

),

typed as (

    select
        {{ text('opportunity_id') }} as opportunity_id,
        {{ text('product_id') }} as product_id,
        {{ money('quantity') }} as quantity,
        {{ money('amount') }} as amount,
        {{ delivery_columns() }},
        {{ problem([
            required('opportunity_id'),
            required('product_id'),
            readable_money('quantity'),
            plausible_money('quantity'),
            readable_money('amount'),
            plausible_money('amount')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['opportunity_id', 'product_id', 'quantity', 'amount'],
    key=['opportunity_id', 'product_id', '_content']
) }}
