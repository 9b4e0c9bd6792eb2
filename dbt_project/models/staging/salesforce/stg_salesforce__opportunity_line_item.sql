-- One row per delivered row of Salesforce's OpportunityLineItem: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'opportunity_line_item') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as opportunity_line_id,
        {{ salesforce_id('opportunity_id') }} as opportunity_id,
        {{ salesforce_id('product2_id') }} as product_id,
        {{ money('quantity') }} as quantity,
        {{ line_amount('total_price', 'quantity', 'unit_price') }} as amount,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('opportunity_id'),
            readable_money('quantity'),
            plausible_money('quantity'),
            readable_money('unit_price'),
            plausible_money('unit_price'),
            readable_money('total_price'),
            plausible_money('total_price'),
            plausible_line('total_price', 'quantity', 'unit_price')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['opportunity_line_id', 'opportunity_id', 'product_id', 'quantity', 'amount', 'updated_at', 'is_deleted'],
    key=['opportunity_line_id'], newest_by='updated_at'
) }}
