{#-
    Comparing two groups: intervals and p-values in portable SQL, each with its source. tests/integration/test_statistics_of_comparisons.py
    holds them against statsmodels and scipy. Nothing here rounds: that is done where a number is published.
-#}

{#- The standard normal's upper tail, both sides: 2 (1 − Φ(|z|)). Hart's rational approximation (1968) as in West 2005; to 1e-14. -#}
{% macro two_sided_p(z) -%}
    {#- least passes over a null: without the case, no deviate would be a p of 1. -#}
    case when {{ z }} is not null then least(1.0, 2 * case
        when abs({{ z }}) > 37 then 0
        when abs({{ z }}) < 7.07106781186547 then
            exp(-({{ z }}) * ({{ z }}) / 2)
            * ((((((0.0352624965998911 * abs({{ z }}) + 0.700383064443688) * abs({{ z }}) + 6.37396220353165) * abs({{ z }})
                + 33.912866078383) * abs({{ z }}) + 112.079291497871) * abs({{ z }}) + 221.213596169931) * abs({{ z }}) + 220.206867912376)
            / (((((((0.0883883476483184 * abs({{ z }}) + 1.75566716318264) * abs({{ z }}) + 16.064177579207) * abs({{ z }})
                + 86.7807322029461) * abs({{ z }}) + 296.564248779674) * abs({{ z }}) + 637.333633378831) * abs({{ z }})
                + 793.826512519948) * abs({{ z }}) + 440.413735824752)
        else
            exp(-({{ z }}) * ({{ z }}) / 2)
            / (abs({{ z }}) + 1 / (abs({{ z }}) + 2 / (abs({{ z }}) + 3 / (abs({{ z }}) + 4 / (abs({{ z }}) + 0.65)))))
            / 2.506628274631
    end) end
{%- endmacro %}

{#- Student's t as a normal deviate of the same tail (Wallace 1959, as in Hill 1970): within 0.001 from 15 degrees of freedom on. -#}
{% macro normal_of_t(t, df) -%}
    (8 * ({{ df }}) + 1) / (8 * ({{ df }}) + 3) * sqrt(({{ df }}) * ln(1 + ({{ t }}) * ({{ t }}) / ({{ df }})))
{%- endmacro %}

{#- The two-sided 95 % quantile of Student's t: the same approximation, turned round. -#}
{% macro t_quantile(df) -%}
    sqrt(({{ df }}) * (exp(power(1.959963984540054 * (8 * ({{ df }}) + 3) / (8 * ({{ df }}) + 1), 2) / ({{ df }})) - 1))
{%- endmacro %}

{#- The end of the 95 % interval of p1 − p0 by Newcombe's hybrid of the two Wilson intervals (1998, method 10). -#}
{% macro newcombe_low(x1, n1, x0, n0) -%}
    {{ x1 }} / cast({{ n1 }} as double) - {{ x0 }} / cast({{ n0 }} as double) - sqrt(
        power({{ x1 }} / cast({{ n1 }} as double) - ({{ wilson_low(x1, n1) }}), 2)
        + power(({{ wilson_high(x0, n0) }}) - {{ x0 }} / cast({{ n0 }} as double), 2))
{%- endmacro %}

{% macro newcombe_high(x1, n1, x0, n0) -%}
    {{ x1 }} / cast({{ n1 }} as double) - {{ x0 }} / cast({{ n0 }} as double) + sqrt(
        power(({{ wilson_high(x1, n1) }}) - {{ x1 }} / cast({{ n1 }} as double), 2)
        + power({{ x0 }} / cast({{ n0 }} as double) - ({{ wilson_low(x0, n0) }}), 2))
{%- endmacro %}
