-- One row per delivered file: what became of its raw rows in staging.
with staged as (

    {% for model in staging_models() -%}
    select _system, _object, _file, row_disposition, count(*) as n from {{ ref(model) }} group by _system, _object, _file, row_disposition
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

)

select
    _system as system,
    _object as object,
    _file as file,
    cast(sum(n) as bigint) as rows_raw,
    cast(sum(case when row_disposition = 'loaded' then n else 0 end) as bigint) as rows_loaded,
    cast(sum(case when row_disposition = 'duplicate' then n else 0 end) as bigint) as rows_duplicate,
    cast(sum(case when row_disposition = 'set_aside' then n else 0 end) as bigint) as rows_set_aside
from staged
group by _system, _object, _file
