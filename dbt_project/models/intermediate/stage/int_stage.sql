-- One row per source system, pipeline and stage: its place, its meaning, and who defined it.
-- Canonical and CRM-defined pipelines hold all their stages, also those that no deal has been in.
with stage_label as (

    select * from {{ ref('int_stage_label') }}

),

canonical_stage as (

    select * from {{ source('config', 'canonical_stage') }}

),

named as (

    select
        source_system, pipeline, stage, stage_order, phase, default_probability, is_entry, defined_by,
        min(case when is_retired_label then null else label end) as stage_name
    from stage_label
    group by source_system, pipeline, stage, stage_order, phase, default_probability, is_entry, defined_by

),

canonical_pipeline as (

    select source_system, pipeline
    from stage_label
    group by source_system, pipeline
    having bool_or(defined_by = 'canonical')

),

all_stages as (

    select * from named

    union all

    select
        canonical_pipeline.source_system, canonical_pipeline.pipeline, canonical_stage.stage, canonical_stage.stage_order,
        canonical_stage.phase, canonical_stage.default_probability, canonical_stage.is_entry, 'canonical', canonical_stage.label
    from canonical_pipeline
    cross join canonical_stage
    left join named
        on canonical_pipeline.source_system = named.source_system and canonical_pipeline.pipeline = named.pipeline
        and canonical_stage.stage = named.stage
    where named.stage is null

)

select
    source_system,
    pipeline,
    stage,
    coalesce(stage_name, stage) as stage_name,
    stage_order,
    phase,
    coalesce(phase, '') not in ('won', 'lost') as is_open,
    coalesce(phase, '') = 'won' as is_won,
    coalesce(phase, '') = 'lost' as is_lost,
    default_probability,
    is_entry,
    defined_by
from all_stages
