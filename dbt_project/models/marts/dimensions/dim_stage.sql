-- One row per source system, pipeline and stage.
with stage as (

    select * from {{ ref('int_stage') }}

)

select
    source_system,
    pipeline,
    stage,
    stage_name,
    cast(stage_order as integer) as stage_order,
    phase,
    is_open,
    is_won,
    is_lost,
    default_probability,
    defined_by
from stage
