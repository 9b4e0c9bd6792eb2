-- One row per delivered row of Salesforce's OpportunityHistory, or of a warehouse's history mode of Opportunity: one telling of a deal's state from a moment on.
with delivered as (

    select * from {{ source('salesforce', 'opportunity_history') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} || coalesce({{ text('_fivetran_start') }}, '') as history_id,
        coalesce({{ salesforce_id('opportunity_id') }}, {{ salesforce_id('id') }}) as opportunity_id,
        {{ text('stage_name') }} as stage_label,
        coalesce({{ moment('_fivetran_start') }}, {{ moment('created_date') }}) as entered_at,
        {{ money('amount') }} as amount,
        {{ calendar_day('close_date') }} as expected_close_on,
        {{ text('forecast_category') }} as forecast_category,
        {{ salesforce_id('owner_id') }} as owner_id,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('stage_name'),
            {'column': 'created_date', 'reason': 'missing', 'broken': text('created_date') ~ ' is null and ' ~ text('_fivetran_start') ~ ' is null'},
            readable_moment('created_date'),
            readable_moment('_fivetran_start'),
            not_after_extract('created_date'),
            not_after_extract('_fivetran_start'),
            readable_money('amount'),
            plausible_money('amount'),
            not_negative('amount', money('amount')),
            readable_day('close_date')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['history_id', 'opportunity_id', 'stage_label', 'entered_at', 'amount', 'expected_close_on', 'forecast_category', 'owner_id'],
    key=['history_id']
) }}
