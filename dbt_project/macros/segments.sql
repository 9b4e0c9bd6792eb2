{#- The values by which the tables are cut, side by side (int_opportunity_cut) and one below the other (int_segment). -#}

{#- The dimensions that every company has; the config names further ones. -#}
{% macro deal_scopes() -%}
    {{ return(['pipeline', 'team', 'pod', 'rep', 'product', 'source', 'motion', 'segment']) }}
{%- endmacro %}

{#- A combination of values as one text. Rows have a column per dimension, rep_name, and extra_values. -#}
{% macro segment_text() -%}
    {%- set parts = [] -%}
    {%- for column in deal_scopes() + ['rep_name', 'extra_values'] -%}
        {%- do parts.append('coalesce(' ~ column ~ ', chr(30))') -%}
    {%- endfor -%}
    {{ parts | join(" || chr(31) || ") }}
{%- endmacro %}

{#-
    Whether a deal's forecast category is at least as sure as commit or best case, whatever the CRM's spelling: Salesforce says Commit (in its API
    Forecast), Most Likely and Best Case, HubSpot COMMIT, MOST_LIKELY and BEST_CASE. Best case holds what is surer.
-#}
{% macro forecast_category_is(column, category) -%}
    {%- set words = ['commit', 'forecast'] if category == 'commit' else ['commit', 'forecast', 'mostlikely', 'bestcase'] -%}
    coalesce(replace(replace(lower({{ column }}), ' ', ''), '_', '') in ('{{ words | join("', '") }}'), false)
{%- endmacro %}

{#- The parts of the company for which a forecast can be made. -#}
{% macro forecast_scopes() -%}
    {{ return(['team', 'rep', 'pipeline', 'segment']) }}
{%- endmacro %}

{#- A CTE: rows of combinations (pipeline, team, rep, segment) summed for the company and each of its parts. -#}
{% macro summed_by_scope(rows, keys, values, name='by_scope') -%}
{{ name }} as (

    {% for scope in ['company'] + forecast_scopes() -%}
    select
        {{ keys | join(', ') }}, '{{ scope }}' as scope, {{ "'all'" if scope == 'company' else scope }} as scope_id
        {%- for value in values %}, sum({{ value }}) as {{ value }}{% endfor %}
    from {{ rows }}
    group by {{ keys | join(', ') }}{{ '' if scope == 'company' else ', ' ~ scope }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

)
{%- endmacro %}
