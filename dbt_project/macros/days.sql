{#- Days are the company's: the calendar day in its timezone at a moment in UTC. Expects the one-row CTE `run`. -#}
{% macro local_day(moment) -%}
    cast({{ local_time(moment, 'run.timezone') }} as date)
{%- endmacro %}

{#- The first day of the company's week that holds a day. Expects the one-row CTE `run`. -#}
{% macro week_start(day) -%}
    cast({{ dbt.dateadd('day', '-cast((' ~ iso_day_of_week(day) ~ ' - run.first_day_of_week + 7) % 7 as integer)', day) }} as date)
{%- endmacro %}
