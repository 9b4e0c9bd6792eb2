-- One row per combination of values that a deal has or had (segment_key) and dimension: the value there, '(none)' where there is none.
with opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }}

),

segment_column as (

    select * from {{ source('config', 'segment_column') }}

),

-- Deals of one combination agree in every column that the config names; any one's other columns stand for them.
combination as (

    select segment_key, {{ segment_dimensions() | join(', ') }}, rep_name, min(extra) as extra
    from opportunity_cut
    group by segment_key, {{ segment_dimensions() | join(', ') }}, rep_name

),

cut as (

    select segment_key, 'all' as segment_dimension, 'all' as segment_value, 'all' as segment_name from combination
    {%- for dimension in segment_dimensions() %}
    union all
    select segment_key, '{{ dimension }}', {{ dimension }}, {{ 'rep_name' if dimension == 'rep' else dimension }} from combination
    {%- endfor %}
    union all
    select
        combination.segment_key, segment_column.segment_dimension,
        {{ json_text('combination.extra', 'segment_column.column_name') }},
        {{ json_text('combination.extra', 'segment_column.column_name') }}
    from combination
    cross join segment_column

)

select
    segment_key,
    segment_dimension,
    coalesce(segment_value, '(none)') as segment_value,
    coalesce(segment_name, segment_value, '(none)') as segment_name
from cut
