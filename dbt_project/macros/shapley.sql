{#-
    What one factor of a product of four contributed to the product's change: Shapley's value of the factor
    (Shapley 1953; as a decomposition of change, Sun 1998). Exact: the four contributions add up to the change.

    factor, before: the factor now and before. others: the three other factors as (now, before).
-#}
{% macro shapley_share_of_product(factor, before, others) -%}
    {%- set (a, a0), (b, b0), (c, c0) = others -%}
    (({{ factor }}) - ({{ before }})) * (
        ({{ a0 }} * {{ b0 }} * {{ c0 }} + {{ a }} * {{ b }} * {{ c }}) / 4.0
        + (
            {{ a }} * {{ b0 }} * {{ c0 }} + {{ a0 }} * {{ b }} * {{ c0 }} + {{ a0 }} * {{ b0 }} * {{ c }}
            + {{ a }} * {{ b }} * {{ c0 }} + {{ a }} * {{ b0 }} * {{ c }} + {{ a0 }} * {{ b }} * {{ c }}
        ) / 12.0
    )
{%- endmacro %}
