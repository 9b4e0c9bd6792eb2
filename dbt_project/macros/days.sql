{#- Days are the company's: the calendar day in its timezone at a moment in UTC. Expects the one-row CTE `run`. -#}
{% macro local_day(moment) -%}
    cast({{ local_time(moment, 'run.timezone') }} as date)
{%- endmacro %}

{#- The first day of the company's week that holds a day. Expects the one-row CTE `run`. -#}
{% macro week_start(day) -%}
    cast({{ dbt.dateadd('day', '-cast((' ~ iso_day_of_week(day) ~ ' - run.first_day_of_week + 7) % 7 as integer)', day) }} as date)
{%- endmacro %}

{#- The types of period in which the tables are told. -#}
{% macro period_types() -%}
    {{ return(['week', 'month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year']) }}
{%- endmacro %}

{#- The first day of the period of a type that holds a day. Expects the one-row CTE `run`. -#}
{% macro period_start(period_type, day) -%}
    {%- if period_type == 'week' -%}
    {{ week_start(day) }}
    {%- elif period_type.startswith('fiscal_') -%}
    cast({{ dbt.dateadd('month', 'run.fiscal_year_start_month - 1', dbt.date_trunc(
        period_type.removeprefix('fiscal_'), dbt.dateadd('month', '-(run.fiscal_year_start_month - 1)', day)
    )) }} as date)
    {%- else -%}
    cast({{ dbt.date_trunc(period_type, day) }} as date)
    {%- endif -%}
{%- endmacro %}

{#- Those in which the movements of the pipeline are told. -#}
{% macro movement_period_types() -%}
    {{ return(['week', 'month', 'quarter', 'fiscal_quarter']) }}
{%- endmacro %}
