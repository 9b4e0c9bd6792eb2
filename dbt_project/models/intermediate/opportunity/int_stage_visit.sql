-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). The current visit has no exited_at.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

marked as (

    select
        *,
        case
            when stage is distinct from lag(stage) over by_change or pipeline is distinct from lag(pipeline) over by_change then 1
            else 0
        end as begins_visit
    from opportunity_change
    window by_change as (partition by source_system, opportunity_id order by change_number)

),

numbered as (

    select
        *,
        sum(begins_visit) over (
            partition by source_system, opportunity_id order by change_number rows unbounded preceding
        ) as visit_number
    from marked

),

visit as (

    select
        source_system, opportunity_id, pipeline, visit_number, stage, stage_order, phase,
        min(changed_at) as entered_at,
        {{ first_by('evidence', 'change_number') }} as entry_evidence
    from numbered
    group by source_system, opportunity_id, pipeline, visit_number, stage, stage_order, phase

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
