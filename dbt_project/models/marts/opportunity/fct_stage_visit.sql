-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). Deleted opportunities keep theirs.
with stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

)

select
    {{ text_digest("concat_ws('|', stage_visit.source_system, stage_visit.opportunity_id, stage_visit.pipeline, stage_visit.stage, cast(stage_visit.entered_at as varchar))") }}
        as visit_id,
    stage_visit.source_system,
    stage_visit.opportunity_id,
    stage_visit.visit_number,
    stage_visit.pipeline,
    stage_visit.stage,
    cast(stage_visit.stage_order as integer) as stage_order,
    stage_visit.phase,
    stage_visit.entered_at,
    stage_visit.exited_at,
    {{ local_day('stage_visit.entered_at') }} as entered_on,
    round({{ days_between('stage_visit.entered_at', 'coalesce(stage_visit.exited_at, run.as_of_end)') }}, 6) as days_in_stage,
    stage_visit.next_stage,
    stage_visit.is_reentry,
    stage_visit.is_current,
    stage_visit.entry_evidence
from stage_visit
cross join run
