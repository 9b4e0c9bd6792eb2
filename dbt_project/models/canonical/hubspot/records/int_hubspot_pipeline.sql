-- One row per HubSpot deal pipeline: the name that it has in our tables. Its id stays the same when it is renamed; people read its label.
with deal_pipeline as (

    select * from {{ ref('stg_hubspot__deal_pipeline') }}

),

deal_pipeline_stage as (

    select * from {{ ref('stg_hubspot__deal_pipeline_stage') }}

),

pipeline_label as (

    select * from {{ source('config', 'pipeline_label') }}

),

configured as (

    select max(case when label is null then pipeline end) as unlabelled_pipeline from pipeline_label

),

newest as (

    {{ newest_telling('deal_pipeline', ['pipeline_id']) }}

),

holding as (

    {{ holding_now('deal_pipeline', ['pipeline_id']) }}

),

-- A pipeline that only its stages name is one all the same.
known as (

    select newest.pipeline_id, newest.label, newest.display_order, newest.is_deleted or holding.pipeline_id is null as is_gone
    from newest
    left join holding on newest.pipeline_id = holding.pipeline_id
    union all
    select distinct stage.pipeline_id, cast(null as varchar), cast(null as bigint), false
    from deal_pipeline_stage as stage
    left join newest on stage.pipeline_id = newest.pipeline_id
    where stage.row_disposition = 'loaded' and newest.pipeline_id is null

),

ranked as (

    -- Two pipelines may have one label when one of them is gone: the living one is meant by it.
    select
        known.*,
        row_number() over (partition by lower(label) order by is_gone, display_order, pipeline_id) = 1 and label is not null as owns_its_label
    from known

),

-- What a pipeline was called before, as the config still calls it, where it does not name it otherwise and no other pipeline is called so now.
configured_by_former_label as (

    select told.pipeline_id, former.label
    from deal_pipeline as told
    inner join ranked on told.pipeline_id = ranked.pipeline_id
    inner join pipeline_label as former on lower(told.label) = lower(former.label)
    left join ranked as now on lower(told.label) = lower(now.label)
    left join pipeline_label as by_label on lower(ranked.label) = lower(by_label.label)
    where told.row_disposition in ('loaded', 'duplicate') and now.pipeline_id is null and by_label.label is null
    qualify row_number() over (partition by told.pipeline_id order by told._extracted_at desc, former.label) = 1

),

named as (

    select
        ranked.*,
        case
            when by_id.label is not null then ranked.pipeline_id
            when by_former_label.label is not null then by_former_label.label
            when owns_its_label then ranked.label
            when ranked.label is not null then ranked.label || ' (' || ranked.pipeline_id || ')'
            else ranked.pipeline_id
        end as pipeline_word
    from ranked
    left join pipeline_label as by_id on lower(ranked.pipeline_id) = lower(by_id.label)
    left join configured_by_former_label as by_former_label on ranked.pipeline_id = by_former_label.pipeline_id

)

select
    named.pipeline_id,
    named.label,
    named.owns_its_label,
    named.pipeline_word,
    -- As int_opportunity_version names the pipeline of a deal that says this word.
    coalesce(by_word.pipeline, configured.unlabelled_pipeline, named.pipeline_word) as pipeline,
    named.is_gone
from named
cross join configured
left join pipeline_label as by_word on lower(named.pipeline_word) = lower(by_word.label)
