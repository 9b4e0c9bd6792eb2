-- One row per HubSpot pipeline and name that a deal or its history may give a stage: its id in replicas, its label in HubSpot's own exports,
-- also one that it had before it was renamed.
with stage as (

    select * from {{ ref('int_hubspot_stage') }}

),

deal_pipeline_stage as (

    select * from {{ ref('stg_hubspot__deal_pipeline_stage') }}

),

former_label as (

    select pipeline_id, stage_id, lower(label) as label_key, max(_extracted_at) as told_at
    from deal_pipeline_stage
    where row_disposition in ('loaded', 'duplicate') and label is not null
    group by pipeline_id, stage_id, lower(label)

),

named as (

    select pipeline_id, pipeline_word, pipeline, lower(stage_id) as name_key, stage_word, 1 as preference, cast(null as timestamp) as told_at
    from stage
    union all
    select pipeline_id, pipeline_word, pipeline, lower(label), stage_word, 2, cast(null as timestamp) from stage where owns_its_label
    union all
    select stage.pipeline_id, stage.pipeline_word, stage.pipeline, former_label.label_key, stage.stage_word, 3, former_label.told_at
    from stage
    inner join former_label on stage.pipeline_id = former_label.pipeline_id and stage.stage_id = former_label.stage_id
    where former_label.label_key <> lower(stage.label)

),

-- Of several that were called so once, the one that was so last.
preferred as (

    select *
    from named
    qualify row_number() over (partition by pipeline_id, name_key order by preference, told_at desc, stage_word) = 1

)

select
    pipeline_id,
    pipeline_word,
    pipeline,
    name_key,
    stage_word,
    -- A name that is used today is not made ambiguous by what was called so once.
    preference = min(preference) over by_name
        and sum(case when preference < 3 then 1 else 0 end) over by_name <= 1
        and (preference < 3 or count(*) over by_name = 1) as is_in_one_pipeline
from preferred
window by_name as (partition by name_key)
