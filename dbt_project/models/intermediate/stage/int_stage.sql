-- One row per source system, pipeline and stage: its place, its meaning, and who defined it.
with stage_label as (

    select * from {{ ref('int_stage_label') }}

),

named as (

    select
        source_system, pipeline, stage_key, stage, stage_order, phase, default_probability, is_entry, defined_by,
        min(case when is_retired_label then null else label end) as stage_name
    from stage_label
    group by source_system, pipeline, stage_key, stage, stage_order, phase, default_probability, is_entry, defined_by

)

select
    source_system,
    pipeline,
    stage_key,
    stage,
    coalesce(stage_name, stage) as stage_name,
    stage_order,
    phase,
    case when phase in ('won', 'lost') then phase else 'open' end as state,
    coalesce(phase, '') not in ('won', 'lost') as is_open,
    coalesce(phase, '') = 'won' as is_won,
    coalesce(phase, '') = 'lost' as is_lost,
    default_probability,
    is_entry,
    defined_by
from named
