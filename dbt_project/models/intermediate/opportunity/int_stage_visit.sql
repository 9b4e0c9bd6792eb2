-- One row per opportunity and visit: an unbroken stay in a stage, [entered_at, exited_at). The current visit has no exited_at.
-- A visit is told by the change that began it. Where a history finds a deal beyond where deals are created, it stands there since its creation, and
-- when it came there is not known.
with opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

history_beginning as (

    select * from {{ ref('int_history_beginning') }} where is_entry_unknown

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
    visit.entry_evidence,
    -- Null unless it is unknown when it came there: the first moment of which it is told that it was there.
    case when visit.visit_number = 1 and visit.entry_evidence = 'created' then history_beginning.first_told_at end as first_told_at
from visit
left join history_beginning on visit.opportunity_key = history_beginning.opportunity_key
left join repeated_stage
    on visit.opportunity_key = repeated_stage.opportunity_key and visit.stage_key = repeated_stage.stage_key
