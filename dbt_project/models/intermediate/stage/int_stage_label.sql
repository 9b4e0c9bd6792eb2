-- One row per source system, pipeline and stage label that a deal, its history or the config names: the stage it stands for.
-- The config speaks first; then the CRM's own stage table; then the canonical phases, which are valid stage names themselves.
-- A stage that the CRM has renamed is the same stage: it is called by its newest label, and all that it was ever called mean it.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('canonical_stage_history') }}

),

field_history_state as (

    select * from {{ ref('int_field_history_state') }}

),

crm_label as (

    select *, lower(stage_label) as label_key from {{ ref('canonical_crm_stage') }}

),

configured_stage as (

    select * from {{ source('config', 'stage') }}

),

canonical_stage as (

    select * from {{ source('config', 'canonical_stage') }}

),

pipeline_of_opportunity as (

    select source_system, opportunity_id, pipeline
    from opportunity_version
    where valid_to is null

),

told_in_history as (

    select source_system, opportunity_id, pipeline, stage_label from stage_history
    union
    -- Where it speaks: of deals that the history of stages says nothing of.
    select field_history_state.source_system, field_history_state.opportunity_id, cast(null as varchar), field_history_state.stage_label
    from field_history_state
    left join stage_history
        on field_history_state.source_system = stage_history.source_system
        and field_history_state.opportunity_id = stage_history.opportunity_id
    where field_history_state.stage_label is not null and stage_history.opportunity_id is null

),

newest_of_id as (

    select *
    from crm_label
    qualify row_number() over (
        partition by source_system, pipeline, stage_id order by _extracted_at desc, place, label_key
    ) = 1

),

-- Of two stages that had a label, the one that had it last is meant.
last_of_label as (

    select *
    from crm_label
    qualify row_number() over (
        partition by source_system, pipeline, label_key order by _extracted_at desc, place, stage_id
    ) = 1

),

-- Every label that a renamed stage ever had, with the one that it has now.
renamed as (

    select last_of_label.source_system, last_of_label.label_key, newest_of_id.label_key as name_key
    from last_of_label
    inner join newest_of_id
        on last_of_label.source_system = newest_of_id.source_system
        and last_of_label.pipeline is not distinct from newest_of_id.pipeline
        and last_of_label.stage_id = newest_of_id.stage_id
    where last_of_label.label_key <> newest_of_id.label_key

),

-- A label that today's table no longer holds keeps the meaning it had when it was last delivered.
-- A CRM's stages are those of each of its pipelines, or of all of them (pipeline is null).
newest_crm_stage as (

    select source_system, pipeline, stage_label, is_closed, is_won, sort_order, default_probability
    from newest_of_id
    qualify row_number() over (
        partition by source_system, pipeline, label_key order by _extracted_at desc, place, stage_id
    ) = 1

),

-- Also the CRM's pipelines that no deal is in: their stages are stages.
pipeline_of_system as (

    select source_system, pipeline from pipeline_of_opportunity
    union
    select source_system, pipeline from newest_crm_stage where pipeline is not null

),

crm_stage as (

    select
        source_system,
        pipeline,
        lower(stage_label) as label_key,
        stage_label as stage,
        row_number() over (
            partition by source_system, pipeline
            order by case when is_closed and is_won then 2 when is_closed then 3 else 1 end, sort_order, stage_label
        ) as stage_order,
        case
            when is_closed and is_won then 'won'
            when is_closed then 'lost'
            when coalesce(default_probability, 0) <= 0.10 then 'prospecting'
            when default_probability <= 0.35 then 'qualification'
            when default_probability <= 0.70 then 'engagement'
            else 'closing'
        end as phase,
        case when is_closed and is_won then 1.0 when is_closed then 0.0 else coalesce(default_probability, 0) end as default_probability
    from newest_crm_stage

),

-- A stage is known by its labels, and by its key: that is its name in all tables.
configured_name as (

    select *
    from (
        select pipeline, lower(label) as label_key, stage, stage_order, phase, default_probability, is_entry, is_retired_label, 1 as precedence
        from configured_stage
        union all
        select pipeline, lower(stage), stage, stage_order, phase, default_probability, is_entry, true, 2
        from configured_stage
    ) as name_found
    qualify row_number() over (partition by pipeline, label_key order by precedence, stage_order) = 1

),

-- A label that the config does not know, of a stage that it knows by another label: CRM and config need not be renamed on one day.
configured_by_other_name as (

    select own.source_system, configured_name.pipeline, own.label_key, configured_name.label_key as configured_key
    from (
        select source_system, label_key, name_key from renamed
        union
        select source_system, name_key, name_key from renamed
    ) as own
    inner join (
        select source_system, label_key, name_key from renamed
        union
        select source_system, name_key, name_key from renamed
    ) as other on own.source_system = other.source_system and own.name_key = other.name_key
    inner join configured_name on other.label_key = configured_name.label_key
    left join configured_name as itself on configured_name.pipeline = itself.pipeline and own.label_key = itself.label_key
    where itself.label_key is null
    qualify row_number() over (
        partition by own.source_system, configured_name.pipeline, own.label_key order by configured_name.stage_order, configured_name.label_key
    ) = 1

),

configured_pipeline as (

    select distinct pipeline from configured_stage

),

system_with_stage_table as (

    select distinct source_system from crm_stage

),

-- A pipeline holds all the stages that define it, also those that no deal is in or was ever in: deals are created in one of them.
named as (

    select source_system, pipeline, lower(stage_label) as label_key, min(stage_label) as label
    from (
        select source_system, pipeline, stage_label from opportunity_version
        union
        select
            pipeline_of_opportunity.source_system, coalesce(told_in_history.pipeline, pipeline_of_opportunity.pipeline),
            told_in_history.stage_label
        from told_in_history
        inner join pipeline_of_opportunity
            on told_in_history.source_system = pipeline_of_opportunity.source_system
            and told_in_history.opportunity_id = pipeline_of_opportunity.opportunity_id
        union
        select pipeline_of_system.source_system, pipeline_of_system.pipeline, configured_stage.label
        from configured_stage
        inner join pipeline_of_system on configured_stage.pipeline = pipeline_of_system.pipeline
        union
        select pipeline_of_system.source_system, pipeline_of_system.pipeline, crm_stage.stage
        from pipeline_of_system
        inner join crm_stage
            on pipeline_of_system.source_system = crm_stage.source_system
            and pipeline_of_system.pipeline = coalesce(crm_stage.pipeline, pipeline_of_system.pipeline)
        left join configured_pipeline on pipeline_of_system.pipeline = configured_pipeline.pipeline
        where configured_pipeline.pipeline is null
        union
        select pipeline_of_system.source_system, pipeline_of_system.pipeline, canonical_stage.label
        from pipeline_of_system
        cross join canonical_stage
        left join configured_pipeline on pipeline_of_system.pipeline = configured_pipeline.pipeline
        left join system_with_stage_table on pipeline_of_system.source_system = system_with_stage_table.source_system
        where configured_pipeline.pipeline is null and system_with_stage_table.source_system is null
    )
    group by source_system, pipeline, lower(stage_label)

),

canonical_default as (

    select * from canonical_stage

),

entry_of_crm as (

    select source_system, pipeline, min(stage_order) as entry_order
    from crm_stage
    where phase not in ('won', 'lost')
    group by source_system, pipeline

),

meant as (

    select
        named.source_system,
        named.pipeline,
        named.label_key,
        named.label,
        coalesce(configured_name.stage, crm_stage.stage, canonical_default.stage, named.label) as stage,
        coalesce(configured_name.stage_order, crm_stage.stage_order, canonical_default.stage_order, 0) as stage_order,
        coalesce(configured_name.phase, crm_stage.phase, canonical_default.phase) as phase,
        coalesce(
            configured_name.default_probability, crm_stage.default_probability, canonical_default.default_probability
        ) as default_probability,
        coalesce(
            configured_name.is_entry, crm_stage.stage_order = entry_of_crm.entry_order, canonical_default.is_entry, false
        ) as is_entry,
        coalesce(configured_name.is_retired_label, renamed.label_key is not null) as is_retired_label,
        case
            when configured_name.stage is not null then 'config'
            when crm_stage.stage is not null then 'crm'
            when canonical_default.stage is not null then 'canonical'
            else 'unknown'
        end as defined_by
    from named
    left join configured_pipeline on named.pipeline = configured_pipeline.pipeline
    left join configured_by_other_name
        on named.source_system = configured_by_other_name.source_system and named.pipeline = configured_by_other_name.pipeline
        and named.label_key = configured_by_other_name.label_key
    left join configured_name
        on named.pipeline = configured_name.pipeline
        and coalesce(configured_by_other_name.configured_key, named.label_key) = configured_name.label_key
    left join renamed on named.source_system = renamed.source_system and named.label_key = renamed.label_key
    left join crm_stage
        on configured_pipeline.pipeline is null
        and named.source_system = crm_stage.source_system and named.pipeline = coalesce(crm_stage.pipeline, named.pipeline)
        and coalesce(renamed.name_key, named.label_key) = crm_stage.label_key
    left join entry_of_crm
        on crm_stage.source_system = entry_of_crm.source_system and crm_stage.pipeline is not distinct from entry_of_crm.pipeline
    left join system_with_stage_table on named.source_system = system_with_stage_table.source_system
    left join canonical_default
        on configured_pipeline.pipeline is null and system_with_stage_table.source_system is null
        and named.label_key = canonical_default.label

)

select
    source_system,
    pipeline,
    label_key,
    label,
    -- A number for each stage, by which millions of rows know it.
    cast(dense_rank() over (order by source_system, pipeline, stage) as integer) as stage_key,
    stage,
    stage_order,
    phase,
    default_probability,
    is_entry,
    is_retired_label,
    defined_by
from meant
