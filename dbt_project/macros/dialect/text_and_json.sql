{#- Text in DuckDB's words. -#}
{% macro matches(value, pattern) -%}
    regexp_full_match({{ value }}, '{{ pattern }}')
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
