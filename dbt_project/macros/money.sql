{#- An amount in the reporting currency, to the cent. Most are in it already, and a product of decimals is dear. -#}
{% macro in_reporting_currency(amount, rate) -%}
    case when {{ rate }} = 1 then cast({{ amount }} as decimal(18, 2)) else cast(round({{ amount }} * {{ rate }}, 2) as decimal(18, 2)) end
{%- endmacro %}
