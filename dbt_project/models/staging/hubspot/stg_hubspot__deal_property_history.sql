-- One row per delivered row of HubSpot's log of the changes of deal properties: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'deal_property_history') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('deal_id') }} as deal_id,
        lower({{ text('name') }}) as property,
        {{ text('value') }} as value,
        case when lower({{ text('name') }}) = 'amount' then {{ money('value') }} end as value_as_amount,
        case when lower({{ text('name') }}) = 'closedate' then {{ local_day(moment('value')) }} end as value_as_day,
        {{ moment('changed_at') }} as changed_at,
        {{ text('source') }} as change_source,
        {{ text('source_id') }} as change_source_id,
        {{ delivery_columns() }},
        {{ problem([
            required('deal_id'),
            required('name'),
            required('changed_at'),
            readable_moment('changed_at'),
            not_after_extract('changed_at'),
            plausible_money('value', "lower(" ~ text('name') ~ ") = 'amount'"),
            {'column': 'value', 'reason': 'not readable as a number: expected 1234.50, or the format that the config declares', 'broken': "lower(" ~ text('name') ~ ") = 'amount' and " ~ text('value') ~ ' is not null and ' ~ money('value') ~ ' is null'},
            {'column': 'value', 'reason': 'negative', 'broken': "lower(" ~ text('name') ~ ") = 'amount' and " ~ money('value') ~ ' < 0'},
            {'column': 'value', 'reason': 'not readable as a time from 1970 to 2100: expected ISO 8601, or the format that the config declares', 'broken': "lower(" ~ text('name') ~ ") = 'closedate' and " ~ text('value') ~ ' is not null and ' ~ moment('value') ~ ' is null'}
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['deal_id', 'property', 'value', 'value_as_amount', 'value_as_day', 'changed_at', 'change_source', 'change_source_id'],
    key=['deal_id', 'property', 'changed_at', 'value'], newest_by='cast(null as timestamp)'
) }}
