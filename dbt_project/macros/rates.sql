{#- Rates with their uncertainty, rounded where they are published. -#}

{#- A share, null on nothing. -#}
{% macro share(numerator, denominator) -%}
    round({{ numerator }} / cast(nullif({{ denominator }}, 0) as double), 6)
{%- endmacro %}

{#- The ends of the 95 % Wilson score interval of a share (Wilson 1927); null on nothing. -#}
{% macro wilson_low(numerator, denominator) -%}
    {{ wilson_end(numerator, denominator, '-') }}
{%- endmacro %}

{% macro wilson_high(numerator, denominator) -%}
    {{ wilson_end(numerator, denominator, '+') }}
{%- endmacro %}

{% macro wilson_end(numerator, denominator, sign) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set n = 'cast(nullif(' ~ denominator ~ ', 0) as double)' -%}
    {%- set p = '(' ~ numerator ~ ' / ' ~ n ~ ')' -%}
    {#- least and greatest pass over a null: without the case, the interval of nothing would be 0 to 0. -#}
    case when {{ denominator }} > 0 then round(least(1, greatest(0,
        ({{ p }} + {{ z * z / 2 }} / {{ n }} {{ sign }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z * z / 4 }} / ({{ n }} * {{ n }})))
        / (1 + {{ z * z }} / {{ n }})
    )), 6) end
{%- endmacro %}

{#- The rate that turns an amount into the reporting currency; null where none is known. Expects int_daily_rate as `daily_rate`, and the reporting currency in `amount`. -#}
{% macro rate_of(currency) -%}
    case when {{ currency }} is null or {{ currency }} = amount.reporting_currency then 1 else daily_rate.rate end
{%- endmacro %}
