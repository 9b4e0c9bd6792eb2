-- One row per delivered row of Salesforce's ForecastingQuota: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'forecasting_quota') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as quota_id,
        {{ salesforce_id('quota_owner_id') }} as user_id,
        {{ salesforce_id('forecasting_type_id') }} as forecasting_type_id,
        {{ calendar_day('start_date') }} as period_start,
        {{ money('quota_amount') }} as quota_amount,
        coalesce({{ moment('system_modstamp') }}, {{ moment('last_modified_date') }}) as updated_at,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('quota_owner_id'),
            required('start_date'),
            readable_day('start_date'),
            readable_money('quota_amount'),
            plausible_money('quota_amount'),
            not_negative('quota_amount', money('quota_amount'))
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['quota_id', 'user_id', 'forecasting_type_id', 'period_start', 'quota_amount', 'updated_at'],
    key=['quota_id'], newest_by='updated_at'
) }}
