{#- Statistics in DuckDB's words. -#}

{#- The quantile by linear interpolation between the two nearest values (R's type 7, pandas' default). -#}
{% macro quantile(value, share) -%}
    quantile_cont({{ value }}, {{ share }})
{%- endmacro %}

{#- Several of a value's quantiles at once, as a list: the values are gathered and ordered once. -#}
{% macro quantiles(value, shares) -%}
    quantile_cont({{ value }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{#- The element of a list at a place; the first is 1. -#}
{% macro element(list, place) -%}
    {{ list }}[{{ place }}]
{%- endmacro %}

{#- The value that belongs to the smallest of another. -#}
{% macro first_by(value, sort_key) -%}
    arg_min({{ value }}, {{ sort_key }})
{%- endmacro %}

{#- Whether a condition holds for any row of a group. -#}
{% macro any_true(condition) -%}
    bool_or({{ condition }})
{%- endmacro %}
