{#- What makes two addresses the same person's, and two web addresses the same company's. docs/matching.md says why. -#}

{#-
    An e-mail address as people are matched on it: lower case, without a +tag, and for Gmail without the dots that it ignores.
    Null for what is no address. A domain in its own script and in its xn-- form are two: they are not converted.
-#}
{% macro email_key(column) -%}
    {%- set address = 'lower(' ~ text(column) ~ ')' -%}
    {%- set local = dbt.split_part(address, "'@'", 1) -%}
    {%- set domain = dbt.split_part(address, "'@'", 2) -%}
    {%- set person = 'coalesce(nullif(' ~ dbt.split_part(local, "'+'", 1) ~ ", ''), " ~ local ~ ')' -%}
    case
        when not coalesce({{ matches(address, '[^@ ]+@[^@ ]+[.][^@ .]+') }}, false) then null
        when {{ domain }} in ('gmail.com', 'googlemail.com') then replace({{ person }}, '.', '') || '@gmail.com'
        else {{ person }} || '@' || {{ domain }}
    end
{%- endmacro %}

{#- The host in a web address, a domain or an e-mail address: no scheme, user, port, path or leading www. Null for what is no host. -#}
{% macro web_host(column) -%}
    {%- set value = 'lower(' ~ text(column) ~ ')' -%}
    {%- set bare = 'case when ' ~ value ~ " like '%://%' then " ~ dbt.split_part(value, "'://'", 2) ~ ' else ' ~ value ~ ' end' -%}
    {%- set bare = dbt.split_part(dbt.split_part(dbt.split_part(bare, "'/'", 1), "'?'", 1), "'#'", 1) -%}
    {%- set bare = 'case when ' ~ bare ~ " like '%@%' then " ~ dbt.split_part(bare, "'@'", 2) ~ ' else ' ~ bare ~ ' end' -%}
    {%- set host = dbt.split_part(bare, "':'", 1) -%}
    {%- set host = 'case when ' ~ host ~ " like 'www.%' then substr(" ~ host ~ ', 5) else ' ~ host ~ ' end' -%}
    case when {{ matches(host, '[^ ,;@]+[.][^0-9 .,;@][^ .,;@]*') }} then {{ host }} end
{%- endmacro %}

{#- The end of a host under which a company registers its name: the last two labels, or three below a suffix such as co.uk. -#}
{% macro last_labels(host, labels) -%}
    {%- set parts = [] -%}
    {%- for place in range(labels, 0, -1) -%}
        {%- do parts.append(dbt.split_part(host, "'.'", -place)) -%}
    {%- endfor -%}
    ({{ parts | join(" || '.' || ") }})
{%- endmacro %}
