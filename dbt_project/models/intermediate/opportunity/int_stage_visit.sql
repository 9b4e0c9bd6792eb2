-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). The current visit has no exited_at.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

marked as (

    select
        source_system, opportunity_id, change_number, changed_at, pipeline, stage, stage_order, phase, evidence,
        stage is distinct from lag(stage) over by_change
            or pipeline is distinct from lag(pipeline) over by_change
            or row_number() over by_change = 1 as begins_visit
    from opportunity_change
    window by_change as (partition by source_system, opportunity_id order by change_number)

),

-- A visit is told by the change that began it; what changed during it (amount, expected close) began none.
visit as (

    select
        source_system, opportunity_id, pipeline, stage, stage_order, phase,
        changed_at as entered_at,
        evidence as entry_evidence,
        row_number() over (partition by source_system, opportunity_id order by change_number) as visit_number
    from marked
    where begins_visit

)

select
    {{ text_digest("concat_ws('|', source_system, opportunity_id, pipeline, stage, cast(entered_at as varchar))") }} as visit_id,
    source_system,
    opportunity_id,
    cast(visit_number as integer) as visit_number,
    pipeline,
    stage,
    stage_order,
    phase,
    entered_at,
    lead(entered_at) over by_visit as exited_at,
    lag(stage) over by_visit as previous_stage,
    lag(phase) over by_visit as previous_phase,
    lead(stage) over by_visit as next_stage,
    row_number() over (partition by source_system, opportunity_id, pipeline, stage order by visit_number) > 1 as is_reentry,
    lead(entered_at) over by_visit is null as is_current,
    entry_evidence
from visit
window by_visit as (partition by source_system, opportunity_id order by visit_number)
