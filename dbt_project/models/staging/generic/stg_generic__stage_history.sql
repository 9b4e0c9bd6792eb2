-- One row per delivered row of the generic stage history: cast, and told what became of it. Rows have no id: only repeats are duplicates.
with delivered as (

    select * from {{ source('generic', 'stage_history') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('opportunity_id') }} as opportunity_id,
        {{ text('stage') }} as stage_label,
        {{ moment('entered_at') }} as entered_at,
        {{ money('amount') }} as amount,
        {{ calendar_day('expected_close_on') }} as expected_close_on,
        {{ text('owner_id') }} as owner_id,
        {{ delivery_columns() }},
        {{ problem([
            required('opportunity_id'),
            required('stage'),
            required('entered_at'),
            readable_moment('entered_at'),
            not_after_extract('entered_at'),
            readable_money('amount'),
            plausible_money('amount'),
            not_negative('amount', money('amount')),
            readable_day('expected_close_on')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['opportunity_id', 'stage_label', 'entered_at', 'amount', 'expected_close_on', 'owner_id'],
    key=['opportunity_id', '_content']
) }}
