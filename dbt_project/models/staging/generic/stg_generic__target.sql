-- One row per delivered row of the generic targets sheet: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'target') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        lower({{ text('scope') }}) as scope,
        {{ text('scope_id') }} as scope_id,
        lower({{ text('metric') }}) as metric,
        lower({{ text('period') }}) as period_type,
        {{ calendar_day('period_start') }} as period_start,
        {{ money('value') }} as target_value,
        {{ delivery_columns() }},
        {{ problem([
            required('scope'),
            known_value('scope', ['company', 'team', 'rep']),
            required('metric'),
            required('period'),
            known_value('period', ['week', 'month', 'quarter', 'year']),
            required('period_start'),
            readable_day('period_start'),
            required('value'),
            readable_money('value'),
            plausible_money('value')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['scope', 'scope_id', 'metric', 'period_type', 'period_start', 'target_value'],
    key=['scope', "coalesce(scope_id, '')", 'metric', 'period_type', 'period_start']
) }}
