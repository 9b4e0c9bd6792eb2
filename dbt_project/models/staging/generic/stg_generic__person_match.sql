-- One row per delivered row of the hand-kept sheet that says which person a record belongs to: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'person_match') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        lower({{ text('system') }}) as system,
        lower({{ text('object') }}) as object,
        {{ text('record_id') }} as record_id,
        {{ text('person') }} as person,
        {{ text('reason') }} as reason,
        {{ calendar_day('decided_on') }} as decided_on,
        {{ delivery_columns() }},
        {{ problem([
            required('record_id'),
            required('person'),
            readable_day('decided_on')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['system', 'object', 'record_id', 'person', 'reason', 'decided_on'],
    key=["coalesce(system, '')", "coalesce(object, '')", 'record_id'], newest_by='decided_on'
) }}
