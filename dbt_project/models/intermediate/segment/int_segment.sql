-- One row per combination of values that a deal has or had (segment_key) and dimension: the value there, '(none)' where there is none.
with opportunity_cut as (

    select * from {{ ref('int_opportunity_cut') }}

),

segment_column as (

    select * from {{ source('config', 'segment_column') }}

),

-- Deals of one combination agree in every column that the config names; any one's other columns stand for them.
combination as (

    select segment_key, {{ deal_scopes() | join(', ') }}, rep_name, min(extra) as extra
    from opportunity_cut
    group by segment_key, {{ deal_scopes() | join(', ') }}, rep_name

),

cut as (

    select segment_key, 'company' as scope, 'all' as scope_id, 'all' as scope_name from combination
    {%- for dimension in deal_scopes() %}
    union all
    select segment_key, '{{ dimension }}', {{ dimension }}, {{ 'rep_name' if dimension == 'rep' else dimension }} from combination
    {%- endfor %}
    union all
    select
        combination.segment_key, segment_column.scope,
        {{ json_text('combination.extra', 'segment_column.column_name') }},
        {{ json_text('combination.extra', 'segment_column.column_name') }}
    from combination
    cross join segment_column

)

select
    segment_key,
    scope,
    coalesce(scope_id, '(none)') as scope_id,
    coalesce(scope_name, scope_id, '(none)') as scope_name
from cut
