-- One row per delivered row that is not in the tables: unreadable (landing), against a rule of its object (staging), or against its deal (intermediate).
with quarantined_row as (

    select * from {{ source('accounting', 'quarantined_row') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }}

),

email_event as (

    select * from {{ ref('int_email_event_judged') }}

),

record_merge as (

    select * from {{ ref('int_record_merge') }}

),

person_correction as (

    select * from {{ ref('int_person_correction') }}

),

company_correction as (

    select * from {{ ref('int_company_correction') }}

),

staged as (

    {% for model in staging_models() -%}
    select _system, _object, _file, _row, row_problem_column, row_problem, row_problem_value
    from {{ ref(model) }}
    where row_disposition = 'set_aside'
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}

)

select
    system,
    object,
    file,
    line as row_number,
    'landing' as found_in,
    cast(null as varchar) as problem_column,
    reason as problem,
    text as problem_value,
    cast(null as varchar) as record_id
from quarantined_row

union all

select
    _system,
    _object,
    _file,
    _row,
    'staging',
    row_problem_column,
    row_problem,
    row_problem_value,
    cast(null as varchar)
from staged

union all

select
    source_system,
    _object,
    _file,
    _row,
    'intermediate',
    'opportunity_id',
    problem,
    opportunity_id,
    opportunity_id
from stage_history
where problem is not null

union all

select
    source_system,
    _object,
    _file,
    _row,
    'intermediate',
    'occurred_at',
    problem,
    cast(occurred_at as varchar),
    event_id
from email_event
where problem is not null

union all

select
    source_system,
    object,
    _file,
    _row,
    'intermediate',
    'master_record_id',
    problem,
    master_id,
    record_id
from record_merge
where problem is not null
{% for sheet in ['person', 'company'] %}
union all

select
    'generic',
    _object,
    _file,
    _row,
    'intermediate',
    'record_id',
    problem,
    record_id,
    -- An address is nobody's id.
    case when alias_key is null then record_id end
from {{ sheet }}_correction
where problem is not null
{% endfor -%}
