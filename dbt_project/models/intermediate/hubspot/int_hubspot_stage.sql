-- One row per HubSpot pipeline and stage, also those that are gone: the name that it has in our tables, its place and its meaning.
-- A stage of probability 1 is won and one of 0 is lost, as in HubSpot, which lets no open stage have either; is_closed may be missing or wrong.
with deal_pipeline_stage as (

    select * from {{ ref('stg_hubspot__deal_pipeline_stage') }}

),

pipeline as (

    select * from {{ ref('int_hubspot_pipeline') }}

),

configured_stage as (

    select * from {{ source('config', 'stage') }}

),

newest as (

    {{ newest_telling('deal_pipeline_stage', ['pipeline_id', 'stage_id']) }}

),

holding as (

    {{ holding_now('deal_pipeline_stage', ['pipeline_id', 'stage_id']) }}

),

ranked as (

    select
        newest.pipeline_id, pipeline.pipeline_word, pipeline.pipeline, newest.stage_id, newest.label, newest.display_order, newest.probability,
        coalesce(newest.is_won, newest.probability = 1, false) as is_won,
        not coalesce(newest.is_won, newest.probability = 1, false) and (coalesce(newest.is_closed, false) or coalesce(newest.probability = 0, false))
            as is_lost,
        newest.is_deleted or holding.stage_id is null as is_gone,
        -- Two stages may have one label when one of them is gone: the living one is meant by it.
        newest.label is not null and row_number() over (
            partition by newest.pipeline_id, lower(newest.label)
            order by newest.is_deleted or holding.stage_id is null, newest.display_order, newest.stage_id
        ) = 1 as owns_its_label
    from newest
    inner join pipeline on newest.pipeline_id = pipeline.pipeline_id
    left join holding on newest.pipeline_id = holding.pipeline_id and newest.stage_id = holding.stage_id

)

select
    ranked.pipeline_id,
    ranked.pipeline_word,
    ranked.pipeline,
    ranked.stage_id,
    ranked.label,
    ranked.owns_its_label,
    case
        when by_id.label is not null then ranked.stage_id
        when by_label.label is not null or ranked.owns_its_label then ranked.label
        when ranked.label is not null then ranked.label || ' (' || ranked.stage_id || ')'
        else ranked.stage_id
    end as stage_word,
    ranked.display_order,
    ranked.probability,
    ranked.is_won,
    ranked.is_lost,
    ranked.is_gone
from ranked
left join configured_stage as by_id on ranked.pipeline = by_id.pipeline and lower(ranked.stage_id) = lower(by_id.label)
left join configured_stage as by_label on ranked.pipeline = by_label.pipeline and lower(ranked.label) = lower(by_label.label)
