-- One row per delivered row of HubSpot's associations of engagements with deals: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'engagement_deal') }}

),

typed as (

    select
        {{ text('engagement_id') }} as engagement_id,
        {{ text('deal_id') }} as deal_id,
        lower({{ text('engagement_type') }}) as engagement_type,
        {{ text('type_id') }} as type_id,
        {{ text('category') }} as category,
        {{ delivery_columns() }},
        {{ problem([
            required('engagement_id'),
            required('deal_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['engagement_id', 'deal_id', 'engagement_type', 'type_id', 'category'],
    key=['engagement_id', 'deal_id', 'type_id'], newest_by='cast(null as timestamp)'
) }}
