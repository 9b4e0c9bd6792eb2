-- One row per delivered row of Salesforce's Opportunity: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'opportunity') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as opportunity_id,
        {{ text('stage_name') }} as stage_label,
        {{ text('record_type_id') }} as pipeline_label,
        {{ moment('created_date') }} as created_at,
        {{ text('name') }} as name,
        {{ salesforce_id('account_id') }} as account_id,
        {{ salesforce_id('owner_id') }} as owner_id,
        {{ money('amount') }} as amount,
        upper({{ text('currency_iso_code') }}) as currency,
        {{ text('type') }} as opportunity_type,
        -- In Salesforce a probability is a percentage.
        {{ plain_number('probability', 'double') }} / 100 as probability,
        {{ text('next_step') }} as next_step,
        {{ text('lead_source') }} as source,
        {{ text('segment') }} as segment,
        coalesce({{ text('forecast_category_name') }}, {{ text('forecast_category') }}) as forecast_category,
        {{ calendar_day('close_date') }} as close_on,
        {{ text('loss_reason__c') }} as lost_reason,
        {{ flag('is_closed') }} as is_closed,
        {{ flag('is_won') }} as is_won,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('stage_name'),
            readable_moment('created_date'),
            not_after_extract('created_date'),
            readable_money('amount'),
            plausible_money('amount'),
            not_negative('amount', money('amount')),
            readable_day('close_date'),
            readable_flag('is_closed'),
            readable_flag('is_won'),
            readable_flag('is_deleted')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['opportunity_id', 'stage_label', 'pipeline_label', 'created_at', 'name', 'account_id', 'owner_id', 'amount', 'currency', 'opportunity_type', 'probability', 'next_step', 'source', 'segment', 'forecast_category', 'close_on', 'lost_reason', 'is_closed', 'is_won', 'updated_at', 'is_deleted', 'extra'],
    key=['opportunity_id'], newest_by='updated_at'
) }}
