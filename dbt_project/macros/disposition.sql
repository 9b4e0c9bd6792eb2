{#-
    What became of a delivered row: loaded, a counted duplicate, or set aside with column, reason and value.
    Staging models list their problems in `problem`, and end in `disposed_rows`.
-#}

{#- The columns that every delivered row brings along. -#}
{% macro delivery_columns() -%}
    _system, _object, _file, _row, _extracted_at, _sequence, _content, _delivery, _is_superseded
{%- endmacro %}

{#- One text per row, `column<US>reason<US>value`, for the first rule that is broken; null for a good row. -#}
{% macro problem(rules) -%}
    case
        {%- for rule in rules %}
        when {{ rule.broken }} then '{{ rule.column }}' || chr(31) || '{{ rule.reason }}' || chr(31) || coalesce({{ rule.column }}, '')
        {%- endfor %}
    end as problem
{%- endmacro %}

{% macro required(column) -%}
    {{ return({'column': column, 'reason': 'missing', 'broken': text(column) ~ ' is null'}) }}
{%- endmacro %}

{#- The delivered column says something, but the reading of it gave nothing. -#}
{% macro readable(column, reading, what) -%}
    {{ return({'column': column, 'reason': 'not readable as ' ~ what, 'broken': text(column) ~ ' is not null and ' ~ reading ~ ' is null'}) }}
{%- endmacro %}

{% macro readable_moment(column) -%}
    {{ return(readable(column, moment(column), 'a time from 1970 to 2100: expected ISO 8601, or the format that the config declares')) }}
{%- endmacro %}

{% macro readable_day(column) -%}
    {{ return(readable(column, calendar_day(column), 'a date from 1970 to 2100: expected YYYY-MM-DD, or the format that the config declares')) }}
{%- endmacro %}

{% macro readable_number(column, type) -%}
    {{ return(readable(column, plain_number(column, type), 'a number: expected 1234.50, or the format that the config declares')) }}
{%- endmacro %}

{% macro readable_money(column) -%}
    {{ return(readable(column, plain_number(column, 'double'), 'a number: expected 1234.50, or the format that the config declares')) }}
{%- endmacro %}

{#- What is not read because it is too large is no number of money: a telephone number, an id, a key that was left pressed. -#}
{% macro plausible_money(column, where=none) -%}
    {{ return({
        'column': column, 'reason': 'larger than ' ~ '{:,}'.format(largest_amount() | int),
        'broken': (where ~ ' and ' if where else '') ~ 'abs(' ~ plain_number(column, 'double') ~ ') > ' ~ largest_amount()
    }) }}
{%- endmacro %}

{#- The same of what a line comes to. -#}
{% macro plausible_line(amount, quantity, price) -%}
    {{ return({
        'column': price, 'reason': 'larger than ' ~ '{:,}'.format(largest_amount() | int) ~ ' with its quantity',
        'broken': money(amount) ~ ' is null and abs(cast(' ~ money(quantity) ~ ' as double) * ' ~ money(price) ~ ') > ' ~ largest_amount()
    }) }}
{%- endmacro %}

{% macro readable_flag(column) -%}
    {{ return(readable(column, flag(column), 'true or false')) }}
{%- endmacro %}

{% macro not_negative(column, reading) -%}
    {{ return({'column': column, 'reason': 'negative', 'broken': reading ~ ' < 0'}) }}
{%- endmacro %}

{#- Nothing can have happened more than a day after the extract that tells of it (a day: extracts are dated by day). -#}
{% macro not_after_extract(column) -%}
    {{ return({
        'column': column, 'reason': 'later than the extract that delivered it',
        'broken': moment(column) ~ ' > ' ~ dbt.dateadd('day', 2, '_extracted_at')
    }) }}
{%- endmacro %}

{#-
    Close a staging model whose last CTE is `typed` (with `problem`).
    key: the columns that identify a record. newest_by: the column by which a repeated record is newer within one extract.

    A record that comes again unchanged is a duplicate, changed it is a new version; of events only the newest telling counts.
    One id with different content in one extract (all files of one date are its parts), and nothing that says which is newer, is set
    aside: all of them. Where a newer and undisputed row of the extract settles it, they are merely older.
-#}
{% macro disposed_rows(columns, key, newest_by=none) -%}
    {%- set key = key | join(', ') -%}
    usable as (

        select
            typed.*,
            problem is null and not _is_superseded as is_usable
        from typed

    ),

    compared as (

        select
            usable.*,
            is_usable and min(_content) over same_claim <> max(_content) over same_claim as is_disputed
        from usable
        window same_claim as (partition by {{ key }}, _extracted_at, {{ newest_by ~ ', ' if newest_by }}is_usable)

    ),

    settled as (

        select
            compared.*,
            {%- if newest_by %}
            is_disputed and coalesce(
                {{ newest_by }} >= max(case when is_usable and not is_disputed then {{ newest_by }} end) over same_extract,
                max(case when is_usable and not is_disputed then {{ newest_by }} end) over same_extract is null
            ) as is_contradicted
        from compared
        window same_extract as (partition by {{ key }}, _extracted_at)
            {%- else %}
            is_disputed as is_contradicted
        from compared
            {%- endif %}

    ),

    candidates as (

        select
            settled.*,
            is_usable and not is_disputed as is_candidate,
            row_number() over (
                partition by {{ key }}, _extracted_at, is_usable and not is_disputed
                order by {{ newest_by ~ ' desc nulls last, ' if newest_by }}_file desc, _row desc
            ) as rank_in_extract
        from settled

    ),

    versions as (

        select
            candidates.*,
            lag(_content) over by_delivery as previous_content,
            lead(_content) over by_delivery as next_content
        from candidates
        window by_delivery as (partition by {{ key }}, is_candidate and rank_in_extract = 1 order by _extracted_at)

    )

    select
        {{ columns | join(',\n        ') }},
        _system,
        _object,
        _file,
        _row,
        _extracted_at,
        _delivery,
        _is_superseded,
        case
            when problem is not null and not _is_superseded then 'set_aside'
            when is_contradicted then 'set_aside'
            when not is_candidate or rank_in_extract > 1 then 'duplicate'
            when _delivery = 'events' and next_content is not null then 'duplicate'
            when _delivery <> 'events' and previous_content = _content then 'duplicate'
            else 'loaded'
        end as row_disposition,
        case
            when _is_superseded then null
            when problem is not null then {{ dbt.split_part('problem', 'chr(31)', 1) }}
            when is_contradicted then '{{ key }}'
        end as row_problem_column,
        case
            when _is_superseded then null
            when problem is not null then {{ dbt.split_part('problem', 'chr(31)', 2) }}
            when is_contradicted then 'id appears several times in one extract with different content'
        end as row_problem,
        case
            when _is_superseded then null
            when problem is not null then nullif({{ dbt.split_part('problem', 'chr(31)', 3) }}, '')
            when is_contradicted then concat_ws(', ', {{ key }})
        end as row_problem_value
    from versions
{%- endmacro %}

{#- One of the values that the object's declaration knows, whatever their case. -#}
{% macro known_value(column, values) -%}
    {{ return({
        'column': column, 'reason': 'unknown: expected one of ' ~ values | join(', '),
        'broken': 'lower(' ~ text(column) ~ ") not in ('" ~ values | join("', '") ~ "')"
    }) }}
{%- endmacro %}

{#-
    The rows of a staging model that hold now, one of each key: of a whole table those of its newest extract (a row that is gone there
    holds no longer), of changes and events the newest telling.
-#}
{% macro holding_now(staged, key) -%}
    select *
    from {{ staged }}
    where row_disposition <> 'set_aside' and not _is_superseded
        and (
            _delivery <> 'full'
            or _extracted_at = (select max(_extracted_at) from {{ staged }} where not _is_superseded)
        )
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by _extracted_at desc, case when row_disposition = 'loaded' then 0 else 1 end, _file desc, _row desc
    ) = 1
{%- endmacro %}

{#- The newest telling of each record, also of those that have since gone. -#}
{% macro newest_telling(staged, key) -%}
    select *
    from {{ staged }}
    where row_disposition = 'loaded'
    qualify row_number() over (partition by {{ key | join(', ') }} order by _extracted_at desc) = 1
{%- endmacro %}
