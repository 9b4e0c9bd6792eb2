-- One row per delivered row of Salesforce's CampaignMember (a lead or contact in a campaign): renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'campaign_member') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as member_id,
        {{ salesforce_id('campaign_id') }} as campaign_id,
        {{ salesforce_id('lead_id') }} as lead_id,
        {{ salesforce_id('contact_id') }} as contact_id,
        {{ text('status') }} as status,
        {{ flag('has_responded') }} as has_responded,
        {{ moment('created_date') }} as created_at,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('campaign_id'),
            readable_flag('has_responded'),
            readable_moment('created_date'),
            not_after_extract('created_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['member_id', 'campaign_id', 'lead_id', 'contact_id', 'status', 'has_responded', 'created_at', 'updated_at', 'is_deleted'],
    key=['member_id'], newest_by='updated_at'
) }}
