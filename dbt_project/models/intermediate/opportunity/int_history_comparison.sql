-- One row per opportunity with a history of its own and moment at which an extract showed its stage: what the two say of it.
-- Compared are the extract that first showed a stage, and the newest one. An extract is made some time during the day it is dated, so it
-- agrees with any stage that the history tells of that day.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage_history as (

    select * from {{ ref('int_stage_history') }}

),

stage_label as (

    select * from {{ ref('int_stage_label') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

delivered_file as (

    select * from {{ source('accounting', 'delivered_file') }}

),

told as (

    select
        stage_history.opportunity_key,
        stage.stage,
        stage_history.changed_at,
        lead(stage_history.changed_at) over (
            partition by stage_history.opportunity_key order by stage_history.changed_at, stage.stage_order, stage.stage
        ) as next_changed_at
    from stage_history
    inner join stage on stage_history.stage_key = stage.stage_key
    where stage_history.problem is null

),

newest_extract as (

    select system as source_system, max(extracted_at) as extracted_at
    from delivered_file
    where object in ('opportunity', 'deal') and outcome = 'loaded'
    group by system

),

shown as (

    select
        opportunity.opportunity_key, opportunity_version.source_system, opportunity_version.opportunity_id, opportunity_version.pipeline,
        opportunity_version.stage_label, opportunity_version.valid_from as shown_at
    from opportunity_version
    inner join opportunity
        on opportunity_version.source_system = opportunity.source_system
        and opportunity_version.opportunity_id = opportunity.opportunity_id
    where not opportunity_version.is_deleted

    union

    -- A version holds until another one comes: the newest extract shows it still, or does not name what has not changed.
    select
        opportunity.opportunity_key, opportunity_version.source_system, opportunity_version.opportunity_id, opportunity_version.pipeline,
        opportunity_version.stage_label, newest_extract.extracted_at
    from opportunity_version
    inner join newest_extract on opportunity_version.source_system = newest_extract.source_system
    inner join opportunity
        on opportunity_version.source_system = opportunity.source_system
        and opportunity_version.opportunity_id = opportunity.opportunity_id
    where opportunity_version.valid_to is null and opportunity.deleted_at is null

),

staged as (

    select
        shown.opportunity_key,
        shown.source_system,
        shown.opportunity_id,
        shown.shown_at,
        cast({{ dbt.dateadd('day', 1, 'shown.shown_at') }} as timestamp) as shown_until,
        coalesce(stage_label.stage, shown.stage_label) as extract_stage
    from shown
    left join stage_label
        on shown.source_system = stage_label.source_system and shown.pipeline = stage_label.pipeline
        and lower(shown.stage_label) = stage_label.label_key

),

-- A history that begins later than the extract says nothing of it.
compared as (

    select
        staged.source_system,
        staged.opportunity_id,
        staged.shown_at,
        staged.extract_stage,
        max(case when told.next_changed_at is null or told.next_changed_at > staged.shown_until then told.stage end) as history_stage,
        max(case when told.stage = staged.extract_stage then 1 else 0 end) = 1 as is_agreed
    from staged
    inner join told
        on staged.opportunity_key = told.opportunity_key
        and told.changed_at <= staged.shown_until
        and (told.next_changed_at is null or told.next_changed_at >= staged.shown_at)
    group by staged.source_system, staged.opportunity_id, staged.shown_at, staged.extract_stage

)

select
    source_system,
    opportunity_id,
    shown_at,
    extract_stage,
    history_stage,
    is_agreed
from compared
