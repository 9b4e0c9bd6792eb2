-- One row per delivered row of HubSpot's associations of engagements with contacts: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'engagement_contact') }}

),

typed as (

    select
        {{ text('engagement_id') }} as engagement_id,
        {{ text('contact_id') }} as contact_id,
        lower({{ text('engagement_type') }}) as engagement_type,
        {{ text('type_id') }} as type_id,
        {{ text('category') }} as category,
        {{ delivery_columns() }},
        {{ problem([
            required('engagement_id'),
            required('contact_id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['engagement_id', 'contact_id', 'engagement_type', 'type_id', 'category'],
    key=['engagement_id', 'contact_id', 'type_id'], newest_by='cast(null as timestamp)'
) }}
