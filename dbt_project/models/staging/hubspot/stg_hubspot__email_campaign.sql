-- One row per delivered row of HubSpot's e-mail campaigns: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'email_campaign') }}

),

typed as (

    select
        {{ text('id') }} as email_campaign_id,
        {{ text('name') }} as name,
        {{ text('subject') }} as subject,
        {{ text('type') }} as campaign_type,
        {{ text('sub_type') }} as sub_type,
        {{ text('app_id') }} as app_id,
        {{ text('app_name') }} as app_name,
        {{ text('content_id') }} as content_id,
        {{ plain_number('num_included', 'bigint') }} as included,
        {{ plain_number('num_queued', 'bigint') }} as queued,
        {{ delivery_columns() }},
        {{ problem([
            required('id')
        ]) }}
    from delivered

),

{{ disposed_rows(
    columns=['email_campaign_id', 'name', 'subject', 'campaign_type', 'sub_type', 'app_id', 'app_name', 'content_id', 'included', 'queued'],
    key=['email_campaign_id'], newest_by='cast(null as timestamp)'
) }}
