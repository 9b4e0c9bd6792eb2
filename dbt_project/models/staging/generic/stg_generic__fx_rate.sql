-- One row per delivered row of the generic exchange rates: cast, and told what became of it.
with delivered as (

    select * from {{ source('generic', 'fx_rate') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        upper({{ text('currency') }}) as currency,
        {{ calendar_day('date') }} as rate_date,
        {{ plain_number('rate', rate_type()) }} as rate,
        {{ delivery_columns() }},
        {{ problem([
            required('currency'),
            required('date'),
            readable_day('date'),
            required('rate'),
            readable_number('rate', rate_type()),
            not_negative('rate', plain_number('rate', rate_type()))
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['currency', 'rate_date', 'rate'],
    key=['currency', 'rate_date']
) }}
