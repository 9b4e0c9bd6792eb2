{#-
    The type of all money, and of what is worked out from it. Sums of ever so many deals of up to largest_amount() have room in it, and so have their
    products with rates and shares: 38 digits are the most that DuckDB, Spark, Snowflake and BigQuery all have.
-#}
{% macro money_type(places=2) -%}
    {{ return('decimal(38, ' ~ places ~ ')') }}
{%- endmacro %}

{#- What one unit of a currency is worth in the reporting currency. -#}
{% macro rate_type() -%}
    {{ return('decimal(18, 9)') }}
{%- endmacro %}

{#- No deal is worth more, in any currency: a telephone number, or a key that was left pressed. Such a row is set aside. -#}
{% macro largest_amount() -%}
    {{ return(1000000000000000000) }}
{%- endmacro %}

{#- An amount in the reporting currency, to the cent. Most are in it already, and a product of decimals is dear. -#}
{% macro in_reporting_currency(amount, rate) -%}
    case when {{ rate }} = 1 then cast({{ amount }} as {{ money_type() }}) else cast(round({{ amount }} * {{ rate }}, 2) as {{ money_type() }}) end
{%- endmacro %}

{#- An amount × a probability, to the cent. As decimals: whether half a cent is rounded up or down must not hang on how an engine writes 0.1. -#}
{% macro weighted(amount, probability) -%}
    cast(round({{ amount }} * cast({{ probability }} as decimal(9, 6)), 2) as {{ money_type() }})
{%- endmacro %}

{#-
    The square of an amount, as a double, for a spread. Sums of squares must fit into 38 digits: an amount above 10^15 counts as 10^15 there.
    least passes over a null: without the case, the square of an unknown amount would be 10^30.
-#}
{% macro squared(amount) -%}
    case when {{ amount }} is not null then least(abs(cast({{ amount }} as double)), 1e15) * least(abs(cast({{ amount }} as double)), 1e15) end
{%- endmacro %}

{#- A variance of one part of a sum: thousands of them fit into 38 digits. Only deals that are won at a billion times what they were said to be worth come near it. -#}
{% macro largest_variance() -%}
    {{ return('1e34') }}
{%- endmacro %}
