{#- Text in DuckDB's words. -#}
{% macro matches(value, pattern) -%}
    regexp_full_match({{ value }}, '{{ pattern }}')
{%- endmacro %}

{#- A text without what a pattern finds first in it, or with something else in that place: `\\1` is what the pattern's brackets found. -#}
{% macro first_replaced(value, pattern, replacement='') -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{#- What a pattern finds first in a text; null where it finds nothing. -#}
{% macro first_match(value, pattern) -%}
    nullif(regexp_extract({{ value }}, '{{ pattern }}'), '')
{%- endmacro %}

{% macro json_text(json, key) -%}
    json_extract_string({{ json }}, {{ key }})
{%- endmacro %}

{#- The first 32 hexadecimal digits that identify some text. -#}
{% macro text_digest(value) -%}
    md5({{ value }})
{%- endmacro %}

{#- A row for each word of a list that stands in one text. -#}
{% macro each_word(value, separator) -%}
    trim(unnest(string_split({{ value }}, '{{ separator }}')))
{%- endmacro %}

{#- The texts of a group, one after the other, in a stated order; nulls are left out. -#}
{% macro joined_text(value, sort_key, separator='; ') -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ sort_key }})
{%- endmacro %}
