-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). The current visit has no exited_at.
-- A visit is told by the change that began it.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

visit as (

    select
        opportunity_key,
        cast(row_number() over by_change as integer) as visit_number,
        stage_key,
        changed_at as entered_at,
        changed_on as entered_on,
        lead(changed_at) over by_change as exited_at,
        lag(stage_key) over by_change as previous_stage_key,
        lead(stage_key) over by_change as next_stage_key,
        evidence as entry_evidence
    from opportunity_change
    where begins_visit
    window by_change as (partition by opportunity_key order by change_number)

),

repeated_stage as (

    select opportunity_key, stage_key, min(visit_number) as first_visit_number
    from visit
    group by opportunity_key, stage_key
    having count(*) > 1

)

select
    visit.opportunity_key,
    visit.visit_number,
    visit.stage_key,
    visit.entered_at,
    visit.entered_on,
    visit.exited_at,
    visit.previous_stage_key,
    visit.next_stage_key,
    coalesce(visit.visit_number > repeated_stage.first_visit_number, false) as is_reentry,
    visit.exited_at is null as is_current,
    visit.entry_evidence
from visit
left join repeated_stage
    on visit.opportunity_key = repeated_stage.opportunity_key and visit.stage_key = repeated_stage.stage_key
