{#- First age in days of each band in which a deal's time in a stage is counted: as forecasting/counts.py has it, which a test holds it to. -#}
{% macro forecast_age_bands() -%}
    {{ return([1, 3, 7, 14, 21, 35, 49, 63, 77, 91, 105, 119, 133, 147, 181]) }}
{%- endmacro %}

{#- The number of the band that an age in days lies in. -#}
{% macro forecast_age_band(age) -%}
    case
        {%- for first_age in forecast_age_bands()[1:] %}
        when {{ age }} < {{ first_age }} then {{ loop.index0 }}
        {%- endfor %}
        else {{ forecast_age_bands() | length - 1 }}
    end
{%- endmacro %}

{#- Half decades of an amount: 8 is from 10,000, 9 from 31,623. Fixed bounds, so that no later deal moves an earlier one; 0 is not known. -#}
{% macro forecast_amount_class(amount) -%}
    case
        when {{ amount }} is null or {{ amount }} <= 0 then 0
        else cast(least(18, greatest(2, floor(2 * log10(cast({{ amount }} as double))))) as integer)
    end
{%- endmacro %}

{#- Ages at which probabilities are worked out: every day at first, then wider steps; the last stands for all older ones. As forecasting/risks.py has it. -#}
{% macro forecast_age_knot(age) -%}
    cast(case
        when {{ age }} <= 14 then {{ age }}
        when {{ age }} <= 34 then 2 * floor({{ age }} / 2.0)
        when {{ age }} <= 90 then 5 * floor({{ age }} / 5.0)
        when {{ age }} <= 180 then 15 * floor({{ age }} / 15.0)
        else 181
    end as integer)
{%- endmacro %}

{#- CTEs that number the moments at which forecasts are made: `numbered`, and `first_moment` with the number of the first moment on or after each
day since `first_day`. What was so from one day to another was so at a run of numbers, found without comparing days. Expects the CTE `moment`. -#}
{% macro forecast_moment_numbers(first_day) -%}
    numbered as (

        select made_on, max(period_end) as last_end, cast(row_number() over (order by made_on) as integer) as moment_number
        from moment
        group by made_on

    ),

    day as (

        {{ days_from_to(first_day, '(select max(made_on) from numbered)') }}

    ),

    first_moment as (

        select day.date_day, min(numbered.moment_number) over (order by day.date_day desc rows unbounded preceding) as moment_number
        from day
        left join numbered on day.date_day = numbered.made_on

    )
{%- endmacro %}

{#- The rows of a CTE with the run of moments (first_number, last_number) at which each is asked for, from one day to another (null: for ever).
What was known before the first moment or after the last is asked at none. -#}
{% macro forecast_runs_of_moments(rows, from_day, until_day) -%}
    select
        {{ rows }}.*, first_one.moment_number as first_number,
        coalesce(after.moment_number, (select max(moment_number) + 1 from numbered)) - 1 as last_number
    from {{ rows }}
    inner join first_moment as first_one on {{ from_day }} = first_one.date_day
    left join first_moment as after on {{ until_day }} = after.date_day
{%- endmacro %}
