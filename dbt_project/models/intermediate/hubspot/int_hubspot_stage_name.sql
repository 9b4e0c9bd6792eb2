-- One row per HubSpot pipeline and name that a deal or its history may give a stage: its id in replicas, its label in HubSpot's own exports.
with stage as (

    select * from {{ ref('int_hubspot_stage') }}

),

named as (

    select pipeline_id, pipeline_word, pipeline, lower(stage_id) as name_key, stage_word, 1 as preference from stage
    union all
    select pipeline_id, pipeline_word, pipeline, lower(label), stage_word, 2 from stage where owns_its_label

),

preferred as (

    select *
    from named
    qualify row_number() over (partition by pipeline_id, name_key order by preference) = 1

)

select
    pipeline_id,
    pipeline_word,
    pipeline,
    name_key,
    stage_word,
    count(*) over (partition by name_key) = 1 as is_in_one_pipeline
from preferred
