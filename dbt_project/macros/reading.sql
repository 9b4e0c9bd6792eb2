{#- Delivered text → typed values, and the words for what does not fit. Used by staging only. -#}

{#- Blank is missing. -#}
{% macro text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{#- A moment in UTC. A date alone is that day's first moment at the company; a time without zone is UTC. Null where unreadable. -#}
{% macro moment(column) -%}
    {%- set value = text(column) -%}
    {%- set day = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
    {%- set clock = '[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?' -%}
    {{ within_living_memory(
        "case when " ~ matches(value, day) ~ " then " ~ utc_time(read_timestamp(value), 'run.timezone')
        ~ " when " ~ matches(value, day ~ clock) ~ " then " ~ read_timestamp(value)
        ~ " when " ~ matches(value, day ~ clock ~ ' ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)') ~ " then " ~ read_zoned_timestamp(value)
        ~ " when " ~ matches(value, '[0-9]{12,13}') ~ " then " ~ read_epoch_milliseconds(value) ~ " end"
    ) }}
{%- endmacro %}

{#- A calendar day. A time with a zone is the company's day at that moment; without, the day as written. Null where unreadable. -#}
{% macro calendar_day(column) -%}
    {%- set value = text(column) -%}
    {{ within_living_memory(
        "case when " ~ matches(value, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?') ~ " then cast(" ~ read_timestamp(value) ~ " as date)"
        ~ " else cast(" ~ local_time(moment(column), 'run.timezone') ~ " as date) end"
    ) }}
{%- endmacro %}

{#- 1899-12-30, the year 206 and 2999 are typing errors or a spreadsheet's zero, not dates of a sale. -#}
{% macro within_living_memory(value) -%}
    case when extract(year from {{ value }}) between 1970 and 2100 then {{ value }} end
{%- endmacro %}

{#- Money, to the cent. Null where unreadable, or larger than any deal is. -#}
{% macro money(column) -%}
    {%- set value = text(column) -%}
    case when {{ is_plain_number(value) }} and abs({{ dbt.safe_cast(value, 'double') }}) <= {{ largest_amount() }} then {{ dbt.safe_cast(value, money_type()) }} end
{%- endmacro %}

{#- What a line comes to: its amount, or its quantity times its price. -#}
{% macro line_amount(amount, quantity, price) -%}
    coalesce({{ money(amount) }}, case
        when abs(cast({{ money(quantity) }} as double) * {{ money(price) }}) <= {{ largest_amount() }} then {{ money(quantity) }} * {{ money(price) }}
    end)
{%- endmacro %}

{% macro plain_number(column, type) -%}
    {%- set value = text(column) -%}
    case when {{ is_plain_number(value) }} then {{ dbt.safe_cast(value, type) }} end
{%- endmacro %}

{% macro is_plain_number(value) -%}
    {{ matches(value, '[-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?') }}
{%- endmacro %}

{#-
    A share from 0 to 1, of a column that may be told in per cent: it is, where more of its values lie above 1 than between 0 and 1.
    One value alone does not say it: 1 is all of it as a share, and hardly anything in per cent.
-#}
{% macro probability_share(column) -%}
    {%- set value = plain_number(column, 'double') -%}
    {{ value }} / case
        when sum(case when {{ value }} > 1 then 1 else 0 end) over () > sum(case when {{ value }} > 0 and {{ value }} < 1 then 1 else 0 end) over ()
            then 100
        else 1
    end
{%- endmacro %}

{#- True, false, or null where missing or unreadable. -#}
{% macro flag(column) -%}
    case lower({{ text(column) }})
        when 'true' then true when 't' then true when '1' then true when 'yes' then true when 'y' then true
        when 'false' then false when 'f' then false when '0' then false when 'no' then false when 'n' then false
    end
{%- endmacro %}

{#- An address as it can be compared: trimmed, lower case. -#}
{% macro address(column) -%}
    lower({{ text(column) }})
{%- endmacro %}

{#- The 18-character form of a Salesforce id: the 15-character form is case-sensitive, and its last three characters say the case. -#}
{% macro salesforce_id(column) -%}
    {%- set value = text(column) -%}
    case when {{ matches(value, '[0-9A-Za-z]{15}') }} then {{ value }}
        {%- for start in [1, 6, 11] %}
        || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
            {%- for place in range(5) %} + case when substr({{ value }}, {{ start + place }}, 1) between 'A' and 'Z' then {{ 2 ** place }} else 0 end
            {%- endfor %}, 1)
        {%- endfor %}
        else {{ value }} end
{%- endmacro %}

{#- True where one of several columns is a flag that is set: of those that deliveries of one object name differently, most are missing. -#}
{% macro any_flag() -%}
    ({% for column in varargs -%}
        coalesce({{ flag(column) }}, false){{ ' or ' if not loop.last }}
    {%- endfor %})
{%- endmacro %}
