-- One row per delivered row of the generic activity extract: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'activity') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('activity_id') }} as activity_id,
        lower({{ text('type') }}) as activity_type,
        {{ moment('occurred_at') }} as occurred_at,
        {{ text('user_id') }} as user_id,
        {{ text('lead_id') }} as lead_id,
        {{ text('account_id') }} as account_id,
        {{ text('opportunity_id') }} as opportunity_id,
        lower({{ text('outcome') }}) as outcome,
        {{ delivery_columns() }},
        {{ problem([
            required('activity_id'),
            required('type'),
            required('occurred_at'),
            readable_moment('occurred_at')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['activity_id', 'activity_type', 'occurred_at', 'user_id', 'lead_id', 'account_id', 'opportunity_id', 'outcome'],
    key=['activity_id']
) }}
