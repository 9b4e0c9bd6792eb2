-- One row per opportunity with a history of its own: its first word, and what stands for the time before where that begins later than the deal.
-- Such a deal stands in its first known stage since its creation; one that the first word finds closed was closed on the CRM's close date,
-- and open before, where deals of its pipeline are created.
with stage_history as (

    select * from {{ ref('int_stage_history') }} where problem is null

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }} where version_number = 1

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

entry_stage as (

    select source_system, pipeline, {{ first_by('stage_key', 'stage') }} as stage_key, min(stage_order) as stage_order
    from stage
    where is_entry
    group by source_system, pipeline

),

first_word as (

    select stage_history.opportunity_key, stage_history.stage_key, stage_history.changed_at as first_told_at
    from stage_history
    left join stage on stage_history.stage_key = stage.stage_key
    qualify row_number() over (
        partition by stage_history.opportunity_key order by stage_history.changed_at, stage.stage_order, stage_history.stage_key
    ) = 1

),

dated as (

    select
        first_word.opportunity_key, first_word.stage_key, first_word.first_told_at, opportunity.source_system, opportunity.opportunity_id,
        opportunity.created_at,
        opportunity.is_created_at_inferred, opportunity.recorded_closed_at,
        {{ local_day('first_word.first_told_at') }} as first_told_on,
        {{ local_day('opportunity.created_at') }} as created_on,
        {{ local_day('opportunity.recorded_closed_at') }} as recorded_closed_on,
        {{ local_day('opportunity_version.valid_from') }} as first_shown_on,
        run.timezone
    from first_word
    cross join run
    inner join opportunity on first_word.opportunity_key = opportunity.opportunity_key
    left join opportunity_version
        on opportunity.source_system = opportunity_version.source_system
        and opportunity.opportunity_id = opportunity_version.opportunity_id

),

placed as (

    select
        dated.*,
        {{ utc_time(dbt.cast('dated.first_told_on', 'timestamp'), 'dated.timezone') }} as first_told_day_at,
        coalesce(dated.first_told_on > dated.created_on, false) as is_late,
        coalesce(dated.first_shown_on < dated.first_told_on, false) as is_shown_before,
        stage.is_open as is_first_open,
        stage.stage_order,
        entry_stage.stage_key as entry_stage_key,
        entry_stage.stage_order as entry_stage_order
    from dated
    left join stage on dated.stage_key = stage.stage_key
    left join entry_stage on stage.source_system = entry_stage.source_system and stage.pipeline = entry_stage.pipeline

)

select
    opportunity_key,
    source_system,
    opportunity_id,
    first_told_at,
    first_told_on,
    -- The first moment of that day.
    first_told_day_at,
    -- The history begins on a later day than the deal.
    is_late,
    -- An extract told of the deal before its history did.
    is_late and is_shown_before as is_shown_before,
    -- Since its creation; null where that is told, where an extract told of it before, or where nobody says when it was created.
    case
        when is_late and not is_shown_before and not is_created_at_inferred
            then case when is_first_open then stage_key else entry_stage_key end
    end as stage_key_since_creation,
    created_at,
    -- When it came to that stage is not known, if it lies beyond where deals are created.
    coalesce(is_late and not is_shown_before and is_first_open and stage_order > entry_stage_order, false) as is_entry_unknown,
    -- The first word finds it closed, and the CRM says that this was so on an earlier day: at its creation, where that day lies before.
    case when not is_first_open then stage_key end as closed_stage_key,
    case
        when is_late and not is_shown_before and not is_first_open and recorded_closed_on < first_told_on
            then greatest(recorded_closed_at, created_at)
    end as recorded_closed_at
from placed
