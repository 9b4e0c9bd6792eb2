{#- Time in DuckDB's words. A `timestamp` without zone is always UTC here. -#}

{#- UTC → the wall clock of a timezone. -#}
{% macro local_time(utc, timezone) -%}
    timezone({{ timezone }}, timezone('UTC', {{ utc }}))
{%- endmacro %}

{#- The wall clock of a timezone → UTC. In the hour that happens twice, the second; in the one that never happens, an hour later. -#}
{% macro utc_time(local, timezone) -%}
    timezone('UTC', timezone({{ timezone }}, {{ local }}))
{%- endmacro %}

{% macro read_timestamp(value) -%}
    try_cast({{ value }} as timestamp)
{%- endmacro %}

{% macro read_zoned_timestamp(value) -%}
    timezone('UTC', try_cast({{ value }} as timestamptz))
{%- endmacro %}

{% macro read_epoch_milliseconds(value) -%}
    make_timestamp(try_cast({{ value }} as bigint) * 1000)
{%- endmacro %}

{#- Whole and part days between two moments. -#}
{% macro days_between(earlier, later) -%}
    (epoch({{ later }}) - epoch({{ earlier }})) / 86400.0
{%- endmacro %}

{#- The day that comes a number of days after another, as a date. -#}
{% macro days_after(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{#- Monday is 1. -#}
{% macro iso_day_of_week(day) -%}
    isodow({{ day }})
{%- endmacro %}

{#- One row per day from the first to the last, both included. -#}
{% macro days_from_to(first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as date_day
{%- endmacro %}

{#- A column of whole numbers from the first to the last, one row each; no row where the last is smaller. -#}
{% macro numbers_from_to(first, last) -%}
    unnest(generate_series({{ first }}, {{ last }}))
{%- endmacro %}

{#- Whole minutes between two moments: whole numbers add up to the same sum in any order. -#}
{% macro minutes_between(earlier, later) -%}
    cast(floor((epoch({{ later }}) - epoch({{ earlier }})) / 60.0) as bigint)
{%- endmacro %}

{#- Whole seconds between two moments, for what is told to the second. -#}
{% macro seconds_between(earlier, later) -%}
    cast(floor(epoch({{ later }}) - epoch({{ earlier }})) as bigint)
{%- endmacro %}
