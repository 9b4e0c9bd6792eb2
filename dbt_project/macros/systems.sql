{#-
    True if the company delivers extracts of this system. A system that is not in use has no models at all, and so costs nothing;
    the generic extracts, the contract that all others map to, are always there. The run says which (orchestration/dbt_build.py).
-#}
{% macro uses(system) -%}
    {{ return(system in var('systems')) }}
{%- endmacro %}
