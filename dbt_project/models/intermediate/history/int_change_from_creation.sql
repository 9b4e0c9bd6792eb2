-- One row per opportunity whose state since its creation is known without a word of history: stage, amount and expected close date then.
-- A deal without history, or before it, was created where deals of its pipeline are created, or where it was first seen if it is still there.
{{ config(materialized='ephemeral') }}
with version_change as (

    select * from {{ ref('int_version_change') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }}

),

history_end as (

    select * from {{ ref('int_history_end') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

entry_stage as (

    select source_system, pipeline, {{ first_by('stage_key', 'stage') }} as stage_key, min(stage_order) as stage_order
    from stage
    where is_entry
    group by source_system, pipeline

)

select
    version_change.opportunity_key,
    case
        when version_change.phase not in ('won', 'lost') and version_change.stage_order <= entry_stage.stage_order then version_change.stage_key
        else entry_stage.stage_key
    end as stage_key,
    version_change.opportunity_created_at as changed_at,
    version_change.amount,
    version_change.expected_close_on,
    version_change.is_amount_told,
    version_change.is_expected_close_told,
    version_change.valid_from as told_at,
    'created' as evidence
from version_change
inner join entry_stage on version_change.source_system = entry_stage.source_system and version_change.pipeline = entry_stage.pipeline
left join history_beginning on version_change.opportunity_key = history_beginning.opportunity_key
where version_change.version_number = 1
    and (not version_change.has_history or history_beginning.is_shown_before)
    and version_change.tells_creation

union all

-- What a history tells of amounts and dates, it does not tell of the time before it begins.
select
    history_beginning.opportunity_key, history_beginning.stage_key_since_creation, history_beginning.created_at,
    case when not history_end.tracks_amount then opportunity.amount end,
    case when not history_end.tracks_expected_close and history_end.borrows_expected_close then opportunity.expected_close_on end,
    history_end.tracks_amount, history_end.tracks_expected_close, history_beginning.first_told_at, 'created'
from history_beginning
inner join history_end on history_beginning.opportunity_key = history_end.opportunity_key
inner join opportunity on history_beginning.opportunity_key = opportunity.opportunity_key
where history_beginning.stage_key_since_creation is not null
