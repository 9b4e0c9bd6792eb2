-- One row per counted lead and dimension that the lead funnel is cut by: the value it has there, '(none)' where it has none.
{%- set dimensions = ['source', 'motion', 'team', 'pod', 'rep'] %}
with lead_outcome as (

    select * from {{ ref('int_lead_outcome') }}

)

select source_system, lead_id, 'company' as scope, 'all' as scope_id, 'all' as scope_name
from lead_outcome
{%- for dimension in dimensions %}

union all

select
    source_system, lead_id, '{{ dimension }}', coalesce({{ dimension }}, '(none)'),
    coalesce({{ 'rep_name' if dimension == 'rep' else dimension }}, {{ dimension }}, '(none)')
from lead_outcome
{%- endfor %}
