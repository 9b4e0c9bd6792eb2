-- One row per delivered row of HubSpot's associations of engagements with companies: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'engagement_company') }}

),

typed as (

    select
        {{ text('engagement_id') }} as engagement_id,
        {{ text('company_id') }} as company_id,
        lower({{ text('engagement_type') }}) as engagement_type,
        {{ text('type_id') }} as type_id,
        {{ text('category') }} as category,
        {{ delivery_columns() }},
        {{ problem([
            required('engagement_id'),
            required('company_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['engagement_id', 'company_id', 'engagement_type', 'type_id', 'category'],
    key=['engagement_id', 'company_id', 'type_id'], newest_by='cast(null as timestamp)'
) }}
