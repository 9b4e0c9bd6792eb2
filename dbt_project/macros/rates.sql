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
    {#- least and greatest pass over a null: without the case, the interval of nothing, or of a share of which nobody knows, would be 0 to 0. -#}
    case when {{ denominator }} > 0 and {{ numerator }} is not null then round(least(1, greatest(0,
        ({{ p }} + {{ z * z / 2 }} / {{ n }} {{ sign }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z * z / 4 }} / ({{ n }} * {{ n }})))
        / (1 + {{ z * z }} / {{ n }})
    )), 6) end
{%- endmacro %}

{#-
    The ends of the 95 % interval of what a share of few will come to, where the rate is known as well as from effective_size cases and chance
    makes as much as in chance_size ones: all x that the score test of x against the rate does not reject, at the share of both together
    (Krishnamoorthy and Peng 2011, the joint sampling approach). Where chance_size is null it is Wilson's. Null on nothing.
-#}
{% macro predicted_low(rate, effective_size, chance_size) -%}
    {{ predicted_end(rate, effective_size, chance_size, '-') }}
{%- endmacro %}

{% macro predicted_high(rate, effective_size, chance_size) -%}
    {{ predicted_end(rate, effective_size, chance_size, '+') }}
{%- endmacro %}

{% macro predicted_end(rate, effective_size, chance_size, sign) -%}
    {%- set zz = 1.959963984540054 * 1.959963984540054 -%}
    {%- set n, m, r = effective_size, chance_size, rate -%}
    {#- The rate's weight in the share of both, and a x² - b x + c = 0. -#}
    {%- set w = '(' ~ r ~ ' * ' ~ n ~ ' / (' ~ n ~ ' + ' ~ m ~ '))' -%}
    {%- set a = '(1 + ' ~ zz ~ ' * ' ~ m ~ ' / (' ~ n ~ ' * (' ~ n ~ ' + ' ~ m ~ ')))' -%}
    {%- set b = '(2 * ' ~ r ~ ' + ' ~ zz ~ ' / ' ~ n ~ ' * (1 - 2 * ' ~ w ~ '))' -%}
    {%- set c = '(' ~ r ~ ' * ' ~ r ~ ' - ' ~ zz ~ ' * (' ~ n ~ ' + ' ~ m ~ ') / (' ~ n ~ ' * ' ~ m ~ ') * ' ~ w ~ ' * (1 - ' ~ w ~ '))' -%}
    case
        when {{ m }} is null then {{ wilson_end('(' ~ r ~ ' * ' ~ n ~ ')', n, sign) }}
        when {{ n }} > 0 and {{ r }} is not null then round(least(1, greatest(0,
            ({{ b }} {{ sign }} sqrt(greatest(0, {{ b }} * {{ b }} - 4 * {{ a }} * {{ c }}))) / (2 * {{ a }})
        )), 6)
    end
{%- endmacro %}

{#- The rate that turns an amount into the reporting currency; null where none is known. Expects int_daily_rate as `daily_rate`, and the reporting currency in `amount`. -#}
{% macro rate_of(currency) -%}
    case when {{ currency }} is null or {{ currency }} = amount.reporting_currency then 1 else daily_rate.rate end
{%- endmacro %}
