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

-- What a stage was called before, where no other stage is called so now: config and exports may still say it.
former_label as (

    select told.pipeline_id, told.stage_id, told.label, max(told._extracted_at) as told_at
    from deal_pipeline_stage as told
    left join newest on told.pipeline_id = newest.pipeline_id and lower(told.label) = lower(newest.label)
    where told.row_disposition in ('loaded', 'duplicate') and told.label is not null and newest.stage_id is null
    group by told.pipeline_id, told.stage_id, told.label

),

configured_by_former_label as (

    select former_label.pipeline_id, former_label.stage_id, configured_stage.label
    from former_label
    inner join pipeline on former_label.pipeline_id = pipeline.pipeline_id
    inner join configured_stage on pipeline.pipeline = configured_stage.pipeline and lower(former_label.label) = lower(configured_stage.label)
    qualify row_number() over (
        partition by former_label.pipeline_id, former_label.stage_id order by former_label.told_at desc, configured_stage.label
    ) = 1

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
        when by_label.label is not null then ranked.label
        when by_former_label.label is not null then by_former_label.label
        when ranked.owns_its_label then ranked.label
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
left join configured_by_former_label as by_former_label
    on ranked.pipeline_id = by_former_label.pipeline_id and ranked.stage_id = by_former_label.stage_id
