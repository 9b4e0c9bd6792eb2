-- One row per opportunity: where its history leaves it at T.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

opportunity_change as (

    select * from {{ ref('int_opportunity_change') }}

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

last_visit as (

    select * from stage_visit where is_current

),

visit_count as (

    select
        source_system, opportunity_id,
        count(*) as visits,
        sum(case when previous_phase in ('won', 'lost') and phase not in ('won', 'lost') then 1 else 0 end) as reopened_times,
        {{ any_true("entry_evidence = 'history'") }} as has_stage_history
    from stage_visit
    group by source_system, opportunity_id

),

expected_close as (

    -- Only while a deal is open is its date an expected one: on a closed deal some CRMs keep the actual one in its place, and a deal
    -- that is reopened gets a new date, not a later one.
    select
        source_system, opportunity_id, expected_close_on, phase,
        case when lag(phase) over by_change not in ('won', 'lost') then lag(expected_close_on) over by_change end
            as previous_expected_close_on
    from opportunity_change
    window by_change as (partition by source_system, opportunity_id order by change_number)

),

push_count as (

    select
        source_system, opportunity_id,
        count(expected_close_on) > 0 as is_tracked,
        sum(case when expected_close_on > previous_expected_close_on and phase not in ('won', 'lost') then 1 else 0 end) as close_date_pushes
    from expected_close
    group by source_system, opportunity_id

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    case
        when opportunity.deleted_at is not null then 'deleted'
        when last_visit.phase in ('won', 'lost') then last_visit.phase
        else 'open'
    end as status,
    last_visit.stage,
    last_visit.stage_order,
    last_visit.phase,
    last_visit.entered_at as stage_entered_at,
    case when last_visit.phase in ('won', 'lost') then last_visit.entered_at end as closed_at,
    opportunity.deleted_at,
    coalesce(visit_count.visits, 0) as visits,
    coalesce(visit_count.reopened_times, 0) as reopened_times,
    coalesce(visit_count.has_stage_history, false) as has_stage_history,
    case
        when push_count.is_tracked and visit_count.has_stage_history and close_date_coverage.known_since is not null
            then push_count.close_date_pushes
    end as close_date_pushes
from opportunity
left join last_visit on opportunity.source_system = last_visit.source_system and opportunity.opportunity_id = last_visit.opportunity_id
left join visit_count on opportunity.source_system = visit_count.source_system and opportunity.opportunity_id = visit_count.opportunity_id
left join push_count on opportunity.source_system = push_count.source_system and opportunity.opportunity_id = push_count.opportunity_id
left join close_date_coverage on opportunity.source_system = close_date_coverage.source_system
