-- One row per delivered row of Salesforce's OpportunityFieldHistory (one change of one field): renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('salesforce', 'opportunity_field_history') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ salesforce_id('id') }} as change_id,
        {{ salesforce_id('opportunity_id') }} as opportunity_id,
        lower({{ text('field') }}) as field,
        {{ text('old_value') }} as old_value,
        {{ text('new_value') }} as new_value,
        case when lower({{ text('field') }}) = 'amount' then {{ money('old_value') }} end as old_amount,
        case when lower({{ text('field') }}) = 'amount' then {{ money('new_value') }} end as new_amount,
        case when lower({{ text('field') }}) = 'closedate' then {{ calendar_day('old_value') }} end as old_day,
        case when lower({{ text('field') }}) = 'closedate' then {{ calendar_day('new_value') }} end as new_day,
        {{ moment('created_date') }} as changed_at,
        coalesce({{ flag('is_deleted') }}, false) as is_deleted,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('opportunity_id'),
            required('field'),
            required('created_date'),
            readable_moment('created_date'),
            not_after_extract('created_date'),
            plausible_money('new_value', "lower(field) = 'amount'"),
            {'column': 'new_value', 'reason': 'not readable as a number: expected 1234.50',
             'broken': "lower(field) = 'amount' and " ~ text('new_value') ~ ' is not null and ' ~ money('new_value') ~ ' is null'},
            {'column': 'new_value', 'reason': 'not readable as a date from 1970 to 2100: expected YYYY-MM-DD',
             'broken': "lower(field) = 'closedate' and " ~ text('new_value') ~ ' is not null and ' ~ calendar_day('new_value') ~ ' is null'}
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['change_id', 'opportunity_id', 'field', 'old_value', 'new_value', 'old_amount', 'new_amount', 'old_day', 'new_day', 'changed_at', 'is_deleted'],
    key=['change_id'], newest_by='cast(null as timestamp)'
) }}
