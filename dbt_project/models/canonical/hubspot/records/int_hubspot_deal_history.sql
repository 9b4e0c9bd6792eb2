-- One row per moment at which HubSpot's own logs tell of a deal: its stage, amount, expected close and owner from then on.
-- deal_property_history is HubSpot's log of every property; deal_stage, made from it, adds the changes of stage that the log does not hold.
-- A property is unknown before its log begins; a deal has no row before its first stage. Stages of what was merged into a deal are its own;
-- amounts, dates and owners are those of the one that lives on.
with deal_stage as (

    select * from {{ ref('stg_hubspot__deal_stage') }}

),

property_history as (

    select * from {{ ref('stg_hubspot__deal_property_history') }}

),

deal as (

    select * from {{ ref('int_hubspot_deal') }}

),

merged as (

    select * from {{ ref('int_hubspot_merge') }}

),

pipeline as (

    select * from {{ ref('int_hubspot_pipeline') }}

),

stage_name as (

    select * from {{ ref('int_hubspot_stage_name') }}

),

owner_name as (

    select * from {{ ref('int_hubspot_owner_name') }}

),

logged as (

    select
        property_history._system, property_history._object, property_history._file, property_history._row,
        coalesce(merged.survivor_id, property_history.deal_id) as opportunity_id, merged.merged_id is not null as is_of_merged,
        property_history.deal_id, property_history.property, property_history.value, property_history.value_as_amount,
        property_history.value_as_day, property_history.changed_at
    from property_history
    left join merged on merged.object = 'deal' and property_history.deal_id = merged.merged_id
    where property_history.row_disposition = 'loaded' and property_history.property in ('dealstage', 'amount', 'closedate', 'hubspot_owner_id')

),

logged_stage as (

    select * from logged where property = 'dealstage' and value is not null

),

-- The two tell of one change with different precision.
staged as (

    select
        deal_stage._system, deal_stage._object, deal_stage._file, deal_stage._row,
        coalesce(merged.survivor_id, deal_stage.deal_id) as opportunity_id, deal_stage.stage_word, deal_stage.entered_at as changed_at
    from deal_stage
    left join merged on merged.object = 'deal' and deal_stage.deal_id = merged.merged_id
    left join logged_stage
        on deal_stage.deal_id = logged_stage.deal_id and lower(deal_stage.stage_word) = lower(logged_stage.value)
        and {{ dbt.date_trunc('second', 'deal_stage.entered_at') }} = {{ dbt.date_trunc('second', 'logged_stage.changed_at') }}
    where deal_stage.row_disposition = 'loaded' and logged_stage.deal_id is null

),

stage_change as (

    select _system, _object, _file, _row, opportunity_id, stage_word, changed_at from staged
    union all
    select _system, _object, _file, _row, opportunity_id, value, changed_at from logged_stage

),

stage_at as (

    select *
    from stage_change
    qualify row_number() over (partition by opportunity_id, changed_at, lower(stage_word) order by _object, _file, _row) = 1

),

value_at as (

    select
        min(_system) as _system, min(_object) as _object, min(_file) as _file, min(_row) as _row, opportunity_id, changed_at,
        max(case when property = 'amount' then 1 else 0 end) as tells_amount,
        max(value_as_amount) as amount,
        max(case when property = 'closedate' then 1 else 0 end) as tells_close,
        max(value_as_day) as expected_close_on,
        max(case when property = 'hubspot_owner_id' then 1 else 0 end) as tells_owner,
        max(case when property = 'hubspot_owner_id' then value end) as owner_word
    from logged
    where property <> 'dealstage' and not is_of_merged
    group by opportunity_id, changed_at

),

moment as (

    select
        coalesce(stage_at._system, value_at._system) as source_system,
        coalesce(stage_at._object, value_at._object) as _object,
        coalesce(stage_at._file, value_at._file) as _file,
        coalesce(stage_at._row, value_at._row) as _row,
        coalesce(stage_at.opportunity_id, value_at.opportunity_id) as opportunity_id,
        coalesce(stage_at.changed_at, value_at.changed_at) as changed_at,
        stage_at.stage_word,
        coalesce(value_at.tells_amount, 0) as tells_amount, value_at.amount,
        coalesce(value_at.tells_close, 0) as tells_close, value_at.expected_close_on,
        coalesce(value_at.tells_owner, 0) as tells_owner, value_at.owner_word
    from stage_at
    full outer join value_at on stage_at.opportunity_id = value_at.opportunity_id and stage_at.changed_at = value_at.changed_at

),

-- How often each was told by then: what was told last holds until it is told again.
numbered as (

    select
        moment.*,
        count(stage_word) over so_far as stage_number,
        sum(tells_amount) over so_far as amount_number,
        sum(tells_close) over so_far as close_number,
        sum(tells_owner) over so_far as owner_number
    from moment
    window so_far as (partition by opportunity_id order by changed_at, stage_word nulls last rows unbounded preceding)

),

carried as (

    select
        source_system, _object, _file, _row, opportunity_id, changed_at, stage_number,
        max(stage_word) over (partition by opportunity_id, stage_number) as stage_word,
        max(case when tells_amount = 1 then amount end) over (partition by opportunity_id, amount_number) as amount,
        max(case when tells_close = 1 then expected_close_on end) over (partition by opportunity_id, close_number) as expected_close_on,
        max(case when tells_owner = 1 then owner_word end) over (partition by opportunity_id, owner_number) as owner_word
    from numbered

),

pipeline_of_deal as (

    select deal.opportunity_id, pipeline.pipeline_id
    from deal
    inner join pipeline on deal.pipeline_label = pipeline.pipeline_word
    qualify row_number() over (partition by deal.opportunity_id order by deal._extracted_at desc) = 1

)

select
    carried.source_system,
    carried.opportunity_id,
    coalesce(here.stage_word, elsewhere.stage_word, carried.stage_word) as stage_label,
    -- The pipeline that the stage is in, of which the deal was then; null where that is not told.
    coalesce(here.pipeline, elsewhere.pipeline) as pipeline,
    carried.changed_at,
    carried.amount,
    carried.expected_close_on,
    coalesce(owner_name.owner_id, carried.owner_word) as owner_id,
    carried._object,
    carried._file,
    carried._row
from carried
left join pipeline_of_deal on carried.opportunity_id = pipeline_of_deal.opportunity_id
left join stage_name as here on pipeline_of_deal.pipeline_id = here.pipeline_id and lower(carried.stage_word) = here.name_key
left join stage_name as elsewhere
    on here.name_key is null and lower(carried.stage_word) = elsewhere.name_key and elsewhere.is_in_one_pipeline
left join owner_name on lower(carried.owner_word) = owner_name.word
where carried.stage_number > 0
