-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). The current visit has no exited_at.
-- A visit is told by the change that began it.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

visit as (

    select
        source_system,
        opportunity_id,
        row_number() over by_change as visit_number,
        pipeline,
        stage,
        stage_order,
        phase,
        changed_at as entered_at,
        lead(changed_at) over by_change as exited_at,
        lag(phase) over by_change as previous_phase,
        lead(stage) over by_change as next_stage,
        evidence as entry_evidence
    from opportunity_change
    where begins_visit
    window by_change as (partition by source_system, opportunity_id order by change_number)

),

repeated_stage as (

    select source_system, opportunity_id, pipeline, stage, min(visit_number) as first_visit_number
    from visit
    group by source_system, opportunity_id, pipeline, stage
    having count(*) > 1

)

select
    visit.source_system,
    visit.opportunity_id,
    cast(visit.visit_number as integer) as visit_number,
    visit.pipeline,
    visit.stage,
    visit.stage_order,
    visit.phase,
    visit.entered_at,
    visit.exited_at,
    visit.previous_phase,
    visit.next_stage,
    coalesce(visit.visit_number > repeated_stage.first_visit_number, false) as is_reentry,
    visit.exited_at is null as is_current,
    visit.entry_evidence
from visit
left join repeated_stage
    on visit.source_system = repeated_stage.source_system and visit.opportunity_id = repeated_stage.opportunity_id
    and visit.pipeline = repeated_stage.pipeline and visit.stage is not distinct from repeated_stage.stage
