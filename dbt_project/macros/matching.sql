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
    {#- Every step names the one before once: twice, and the last would be a thousand times as long as the first. -#}
    {%- set bare = first_replaced('lower(' ~ text(column) ~ ')', '(?s)^.*?://') -%}
    {%- set bare = dbt.split_part(dbt.split_part(dbt.split_part(bare, "'/'", 1), "'?'", 1), "'#'", 1) -%}
    {%- set bare = first_replaced(bare, '(?s)^[^@]*@([^@]*).*$', '\\1') -%}
    {%- set host = first_replaced(dbt.split_part(bare, "':'", 1), '^www[.]') -%}
    {{ first_match(host, '^[^ ,;@]+[.][^0-9 .,;@][^ .,;@]*$') }}
{%- endmacro %}

{#- The end of a host under which a company registers its name: the last two labels, or three below a suffix such as co.uk. -#}
{% macro last_labels(host, labels) -%}
    {%- set parts = [] -%}
    {%- for place in range(labels, 0, -1) -%}
        {%- do parts.append(dbt.split_part(host, "'.'", -place)) -%}
    {%- endfor -%}
    ({{ parts | join(" || '.' || ") }})
{%- endmacro %}


{#- What a hand-kept sheet of matches says, from the CTEs `sheet` and `record`: of two rows about one record the later decision, with
    the key of whom it names (`<subject>_key`), the alias it joins to them (`alias_key`), and why it cannot be used (`problem`).
    `alias_key` is the macro that reads an alias (an address, a domain) out of a column; null where there is none in it.
-#}
{% macro sheet_corrections(subject, alias, alias_key, not_an_alias) -%}
    current_row as (

        select *
        from sheet
        where row_disposition <> 'set_aside' and not _is_superseded and _extracted_at = (select max(_extracted_at) from sheet)
        qualify row_number() over (
            partition by coalesce(system, ''), coalesce(object, ''), record_id order by decided_on desc nulls last, _file desc, _row desc
        ) = 1

    ),

    read as (

        select
            current_row.*,
            case when {{ alias_key(subject) }} is not null then '{{ alias }}:' || {{ alias_key(subject) }}
                else 'name:' || lower(trim({{ subject }})) end as {{ subject }}_key,
            case when object = '{{ alias }}' then '{{ alias }}:' || {{ alias_key('record_id') }} end as alias_key
        from current_row

    ),

    named as (

        select read._file, read._row, count(record.record_id) as records
        from read
        left join record
            on read.record_id = record.record_id
            and (read.system is null or read.system = record.source_system)
            and (read.object is null or read.object = record.object)
        group by read._file, read._row

    )

    select
        read.system,
        read.object,
        read.record_id,
        read.alias_key,
        read.{{ subject }}_key,
        case
            when read.object = '{{ alias }}' and read.alias_key is null then '{{ not_an_alias }}'
            when coalesce(read.object, '') <> '{{ alias }}' and named.records = 0 then 'no such record was delivered'
            when coalesce(read.object, '') <> '{{ alias }}' and named.records > 1 then 'several records have this id: give system and object'
            when further.alias_key is not null then 'the sheet joins its {{ subject }} to yet another: name that one'
        end as problem,
        read._object,
        read._file,
        read._row
    from read
    inner join named on read._file = named._file and read._row = named._row
    left join read as further
        on read.{{ subject }}_key = further.alias_key and read.{{ subject }}_key <> coalesce(read.alias_key, '')
{%- endmacro %}
