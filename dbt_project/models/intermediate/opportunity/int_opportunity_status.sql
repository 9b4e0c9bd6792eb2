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

history_beginning as (

    select * from {{ ref('int_history_beginning') }} where is_late

),

close_date_coverage as (

    select * from {{ ref('int_close_date_coverage') }}

),

stage as (

    select * from {{ ref('int_stage') }}

),

last_visit as (

    select
        stage_visit.opportunity_key, stage_visit.entered_at, stage_visit.first_told_at is not null as is_entry_unknown, stage.stage,
        stage.stage_order, stage.phase, stage.state
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    where stage_visit.is_current

),

visit_count as (

    select
        stage_visit.opportunity_key,
        count(*) as visits,
        sum(case when previous_stage.state <> 'open' and stage.state = 'open' then 1 else 0 end) as reopened_times,
        {{ any_true("stage_visit.entry_evidence = 'history'") }} as has_stage_history,
        -- Places are compared within a pipeline; a stage that nothing defines has none. What leaves a terminal stage is reopened.
        {{ any_true(
            "previous_stage.state = 'open' and stage.state = 'open' and previous_stage.pipeline = stage.pipeline"
            ~ " and stage.stage_order > 0 and stage.stage_order < previous_stage.stage_order"
        ) }} as has_moved_back
    from stage_visit
    inner join stage on stage_visit.stage_key = stage.stage_key
    left join stage as previous_stage on stage_visit.previous_stage_key = previous_stage.stage_key
    group by stage_visit.opportunity_key

),

expected_close as (

    -- Only while a deal is open is its date an expected one: on a closed deal some CRMs keep the actual one in its place, and a deal
    -- that is reopened gets a new date, not a later one.
    select
        opportunity_change.opportunity_key, opportunity_change.expected_close_on, stage.state,
        case when lag(stage.state) over by_change = 'open' then lag(opportunity_change.expected_close_on) over by_change end
            as previous_expected_close_on
    from opportunity_change
    inner join stage on opportunity_change.stage_key = stage.stage_key
    window by_change as (partition by opportunity_change.opportunity_key order by opportunity_change.change_number)

),

push_count as (

    select
        opportunity_key,
        count(expected_close_on) > 0 as is_tracked,
        sum(case when expected_close_on > previous_expected_close_on and state = 'open' then 1 else 0 end) as close_date_pushes
    from expected_close
    group by opportunity_key

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    opportunity.opportunity_key,
    case when opportunity.deleted_at is not null then 'deleted' else coalesce(last_visit.state, 'open') end as status,
    last_visit.stage,
    last_visit.stage_order,
    last_visit.phase,
    last_visit.entered_at as stage_entered_at,
    -- It is there since before its history begins.
    coalesce(last_visit.is_entry_unknown, false) as is_stage_entry_unknown,
    case when last_visit.state <> 'open' then last_visit.entered_at end as closed_at,
    opportunity.deleted_at,
    coalesce(visit_count.visits, 0) as visits,
    coalesce(visit_count.reopened_times, 0) as reopened_times,
    coalesce(visit_count.has_stage_history, false) or history_beginning.opportunity_key is not null as has_stage_history,
    -- Where a deal was, and what was pushed, before its history begins is not known.
    case
        when visit_count.has_moved_back then true
        when visit_count.has_stage_history and history_beginning.opportunity_key is null then false
    end as has_moved_back,
    case
        when history_beginning.opportunity_key is not null then null
        when push_count.is_tracked and visit_count.has_stage_history and close_date_coverage.known_since is not null
            then push_count.close_date_pushes
    end as close_date_pushes
from opportunity
left join last_visit on opportunity.opportunity_key = last_visit.opportunity_key
left join visit_count on opportunity.opportunity_key = visit_count.opportunity_key
left join history_beginning on opportunity.opportunity_key = history_beginning.opportunity_key
left join push_count on opportunity.opportunity_key = push_count.opportunity_key
left join close_date_coverage on opportunity.source_system = close_date_coverage.source_system
