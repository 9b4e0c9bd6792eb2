-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). Deleted opportunities keep theirs.
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

opportunity as (

    select opportunity_key, source_system, opportunity_id, name, deleted_at from {{ ref('int_opportunity') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select as_of_end from {{ source('config', 'run') }}

)

select
    {{ text_digest("concat_ws('|', opportunity.source_system, opportunity.opportunity_id, stage.pipeline, stage.stage, cast(stage_visit.entered_at as varchar))") }}
        as visit_id,
    opportunity.source_system,
    opportunity.opportunity_id,
    opportunity.name as opportunity_name,
    stage_visit.visit_number,
    stage.pipeline,
    stage.stage,
    cast(stage.stage_order as integer) as stage_order,
    stage.phase,
    stage_visit.entered_at,
    stage_visit.exited_at,
    stage_visit.entered_on,
    -- Won and lost are stays without an end that means anything; a deleted deal's last stay ended with it.
    case
        when stage_visit.first_told_at is null and (stage_visit.exited_at is not null or stage.is_open) then round({{ whole_minutes_in_days(
            'stage_visit.entered_at',
            'coalesce(stage_visit.exited_at, greatest(stage_visit.entered_at, coalesce(opportunity.deleted_at, run.as_of_end)))'
        ) }}, 6)
    end as days_in_stage,
    next_stage.stage as next_stage,
    stage_visit.is_reentry,
    stage_visit.is_current,
    stage_visit.entry_evidence
from stage_visit
cross join run
inner join opportunity on stage_visit.opportunity_key = opportunity.opportunity_key
inner join stage on stage_visit.stage_key = stage.stage_key
left join stage as next_stage on stage_visit.next_stage_key = next_stage.stage_key
