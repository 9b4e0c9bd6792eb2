-- One row per delivered row of HubSpot's logged e-mails: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'engagement_email') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('engagement_id') }} as engagement_id,
        lower({{ text('hs_email_direction') }}) as direction,
        lower({{ text('hs_email_status') }}) as outcome,
        lower({{ text('type') }}) as engagement_type,
        {{ moment('hs_timestamp') }} as occurred_at,
        {{ moment('hs_createdate') }} as created_at,
        {{ text('hubspot_owner_id') }} as owner_id,
        {{ moment('hs_lastmodifieddate') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('engagement_id'),
            readable_moment('hs_timestamp'),
            readable_moment('hs_createdate'),
            not_after_extract('hs_createdate')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['engagement_id', 'direction', 'outcome', 'engagement_type', 'occurred_at', 'created_at', 'owner_id', 'updated_at', 'is_deleted'],
    key=['engagement_id'], newest_by='updated_at'
) }}
