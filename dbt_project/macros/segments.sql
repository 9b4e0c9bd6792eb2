{#- The values by which the tables are cut, side by side (int_opportunity_cut) and one below the other (int_segment). -#}

{#- The dimensions that every company has; the config names further ones. -#}
{% macro segment_dimensions() -%}
    {{ return(['pipeline', 'team', 'pod', 'rep', 'product', 'source', 'motion', 'segment']) }}
{%- endmacro %}

{#- A combination of values as one text. Rows have a column per dimension, rep_name, and extra_values. -#}
{% macro segment_text() -%}
    {%- set parts = [] -%}
    {%- for column in segment_dimensions() + ['rep_name', 'extra_values'] -%}
        {%- do parts.append('coalesce(' ~ column ~ ', chr(30))') -%}
    {%- endfor -%}
    {{ parts | join(" || chr(31) || ") }}
{%- endmacro %}
