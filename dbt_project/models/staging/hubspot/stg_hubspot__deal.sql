-- One row per delivered row of HubSpot's deals: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'deal') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('deal_id') }} as deal_id,
        {{ text('deal_pipeline_stage_id') }} as stage_word,
        {{ text('deal_pipeline_id') }} as pipeline_word,
        {{ moment('createdate') }} as created_at,
        {{ text('dealname') }} as name,
        {{ text('owner_id') }} as owner_word,
        {{ money('amount') }} as amount,
        upper({{ text('deal_currency_code') }}) as currency,
        {{ text('dealtype') }} as opportunity_type,
        {{ plain_number('hs_deal_stage_probability', 'double') }} as probability,
        {{ text('hs_next_step') }} as next_step,
        {{ text('hs_analytics_source') }} as source,
        {{ text('segment') }} as segment,
        {{ text('hs_manual_forecast_category') }} as forecast_category,
        {{ moment('closedate') }} as closes_at,
        {{ text('closed_lost_reason') }} as lost_reason,
        {{ text('hs_primary_associated_company') }} as company_ids,
        {{ text('associated_contact_ids') }} as contact_ids,
        {{ text('hs_merged_object_ids') }} as merged_ids,
        {{ moment('hs_lastmodifieddate') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('deal_id'),
            readable_moment('createdate'),
            not_after_extract('createdate'),
            readable_money('amount'),
            plausible_money('amount'),
            not_negative('amount', money('amount')),
            readable_moment('closedate'),
            readable_flag('is_deleted'),
            readable_flag('_fivetran_deleted'),
            readable_flag('archived')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['deal_id', 'stage_word', 'pipeline_word', 'created_at', 'name', 'owner_word', 'amount', 'currency', 'opportunity_type', 'probability', 'next_step', 'source', 'segment', 'forecast_category', 'closes_at', 'lost_reason', 'company_ids', 'contact_ids', 'merged_ids', 'updated_at', 'is_deleted', 'extra'],
    key=['deal_id'], newest_by='updated_at'
) }}
