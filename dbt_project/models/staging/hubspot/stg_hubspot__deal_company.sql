-- One row per delivered row of HubSpot's associations of deals with companies: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'deal_company') }}

),

typed as (

    select
        {{ text('deal_id') }} as deal_id,
        {{ text('company_id') }} as company_id,
        {{ text('type_id') }} as type_id,
        {{ text('category') }} as category,
        {{ delivery_columns() }},
        {{ problem([
            required('deal_id'),
            required('company_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['deal_id', 'company_id', 'type_id', 'category'],
    key=['deal_id', 'company_id', 'type_id'], newest_by='cast(null as timestamp)'
) }}
