-- One row per delivered row of the generic opportunity extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'opportunity') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('opportunity_id') }} as opportunity_id,
        {{ text('stage') }} as stage_label,
        {{ text('pipeline') }} as pipeline_label,
        {{ moment('created_at') }} as created_at,
        {{ text('name') }} as name,
        {{ text('account_id') }} as account_id,
        {{ text('owner_id') }} as owner_id,
        {{ text('product') }} as product,
        {{ money('amount') }} as amount,
        upper({{ text('currency') }}) as currency,
        {{ text('opportunity_type') }} as opportunity_type,
        {{ probability_share('probability') }} as probability,
        {{ text('next_step') }} as next_step,
        {{ text('source') }} as source,
        {{ text('segment') }} as segment,
        {{ text('forecast_category') }} as forecast_category,
        {{ calendar_day('expected_close_on') }} as expected_close_on,
        {{ moment('closed_at') }} as closed_at,
        {{ text('lost_reason') }} as lost_reason,
        {{ text('lead_id') }} as lead_id,
        {{ moment('updated_at') }} as updated_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('opportunity_id'),
            required('stage'),
            readable_moment('created_at'),
            not_after_extract('created_at'),
            readable_money('amount'),
            plausible_money('amount'),
            not_negative('amount', money('amount')),
            readable_day('expected_close_on'),
            readable_moment('closed_at'),
            not_after_extract('closed_at'),
            readable_moment('updated_at'),
            readable_flag('is_deleted')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['opportunity_id', 'stage_label', 'pipeline_label', 'created_at', 'name', 'account_id', 'owner_id', 'product', 'amount', 'currency', 'opportunity_type', 'probability', 'next_step', 'source', 'segment', 'forecast_category', 'expected_close_on', 'closed_at', 'lost_reason', 'lead_id', 'updated_at', 'is_deleted', 'extra'],
    key=['opportunity_id'], newest_by='updated_at'
) }}
