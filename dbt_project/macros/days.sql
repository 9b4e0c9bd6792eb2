{#- Days are the company's: the calendar day in its timezone at a moment in UTC. Expects the one-row CTE `run`. -#}
{% macro local_day(moment) -%}
    cast({{ local_time(moment, 'run.timezone') }} as date)
{%- endmacro %}

{#- Days between two moments, in whole minutes: at six places no such number ends in a tie, which engines round differently. -#}
{% macro whole_minutes_in_days(earlier, later) -%}
    cast({{ minutes_between(earlier, later) }} as double) / 1440
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

{#- The kinds of period for which a forecast is made: quarters and years are the company's fiscal ones. -#}
{% macro forecast_periods() -%}
    {{ return(['week', 'month', 'quarter', 'year']) }}
{%- endmacro %}

{#- The period_type of one of these kinds: a fiscal year that begins in January is the calendar's. Expects the one-row CTE `run`. -#}
{% macro forecast_period_type(period) -%}
    {%- if period in ['quarter', 'year'] -%}
    case when run.fiscal_year_start_month = 1 then '{{ period }}' else 'fiscal_{{ period }}' end
    {%- else -%}
    '{{ period }}'
    {%- endif -%}
{%- endmacro %}

{#- The first day of the period of one of these kinds that holds a day. Expects the one-row CTE `run`. -#}
{% macro forecast_period_start(period, day) -%}
    {{ period_start('fiscal_' ~ period if period in ['quarter', 'year'] else period, day) }}
{%- endmacro %}

{#- Whether a period is a quarter, the calendar's or a fiscal one. -#}
{% macro is_quarter(period_type) -%}
    {{ period_type }} in ('quarter', 'fiscal_quarter')
{%- endmacro %}

{#- The first day after a period of one of these types. -#}
{% macro next_period_start(period_type, start) -%}
    case {{ period_type }}
        when 'week' then {{ dbt.dateadd('day', 7, start) }}
        when 'month' then {{ dbt.dateadd('month', 1, start) }}
        when 'quarter' then {{ dbt.dateadd('month', 3, start) }}
        when 'fiscal_quarter' then {{ dbt.dateadd('month', 3, start) }}
        else {{ dbt.dateadd('year', 1, start) }}
    end
{%- endmacro %}

{#- The earlier of two ends, of which null is never. -#}
{% macro earlier_end(end, other) -%}
    case when {{ end }} is null then {{ other }} when {{ other }} is null then {{ end }} else least({{ end }}, {{ other }}) end
{%- endmacro %}

{#- The start of the period of one of these types that lies some periods before another. -#}
{% macro earlier_period(period_type, start, periods) -%}
    cast(case {{ period_type }}
        when 'week' then {{ dbt.dateadd('day', '-7 * cast(' ~ periods ~ ' as integer)', start) }}
        when 'month' then {{ dbt.dateadd('month', '-cast(' ~ periods ~ ' as integer)', start) }}
        when 'quarter' then {{ dbt.dateadd('month', '-3 * cast(' ~ periods ~ ' as integer)', start) }}
        when 'fiscal_quarter' then {{ dbt.dateadd('month', '-3 * cast(' ~ periods ~ ' as integer)', start) }}
        else {{ dbt.dateadd('year', '-cast(' ~ periods ~ ' as integer)', start) }}
    end as date)
{%- endmacro %}

{#- Whether a deal that is open when a day ends should have closed by then: what was expected on that day was expected by its end. -#}
{% macro is_overdue(expected_close_on, day) -%}
    coalesce({{ expected_close_on }} <= {{ day }}, false)
{%- endmacro %}
