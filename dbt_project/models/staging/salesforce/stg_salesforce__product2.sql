-- One row per delivered row of Salesforce's Product2: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'product2') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as product_id,
        {{ text('name') }} as name,
        {{ text('family') }} as family,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('name')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['product_id', 'name', 'family', 'is_deleted'],
    key=['product_id']
) }}
