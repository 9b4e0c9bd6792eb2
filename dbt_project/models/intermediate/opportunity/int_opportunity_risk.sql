-- One row per open opportunity: the signs that it may not close, each null where the extracts cannot tell, and why they cannot.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }} where status = 'open'

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }} where is_current

),

stage_patience as (

    select * from {{ ref('int_stage_patience') }}

),

opportunity_contact as (

    select * from {{ ref('int_opportunity_contact') }}

),

activity as (

    select * from {{ ref('int_activity') }}

),

planned_activity as (

    select * from {{ ref('int_planned_activity') }}

),

run as (

    select as_of, as_of_end from {{ source('config', 'run') }}

),

first_seen as (

    select source_system, opportunity_id, min(valid_from) as first_seen_at
    from opportunity_version
    group by source_system, opportunity_id

),

contact_count as (

    select source_system, opportunity_id, count(*) as contacts
    from opportunity_contact
    group by source_system, opportunity_id

),

-- Whether a system says with whom the activities on its deals were, and which are still to come.
tells_person as (

    select distinct source_system
    from activity
    where opportunity_id is not null and coalesce(lead_id, contact_id) is not null

),

-- With one contact a deal by construction (a primary contact, the lead it came from), one is no sign of anything.
tells_several as (

    select distinct source_system from contact_count where contacts > 1

),

tells_plan as (

    select distinct source_system from planned_activity

),

next_activity as (

    select source_system, opportunity_id, min(planned_on) as next_activity_on
    from planned_activity
    where is_ahead and opportunity_id is not null
    group by source_system, opportunity_id

),

known as (

    select
        status.source_system,
        status.opportunity_id,
        status.stage,
        status.close_date_pushes,
        -- At least: since it is told that it is there.
        {{ days_between('coalesce(stage_visit.first_told_at, status.stage_entered_at)', 'run.as_of_end') }} as days_in_stage,
        stage_visit.first_told_at is not null as is_before_history,
        stage_patience.threshold_days,
        stage_patience.won_visits,
        -- Only the first extract tells of its stage, or the first word of its history: it may have been in it for long before.
        coalesce(
            stage_visit.first_told_at is not null
            or (stage_visit.entry_evidence = 'extract' and stage_visit.entered_at <= first_seen.first_seen_at), false
        ) as is_entry_unknown,
        case when tells_person.source_system is not null then coalesce(contact_count.contacts, 0) end as contacts,
        tells_plan.source_system is not null as is_plan_told,
        next_activity.next_activity_on,
        opportunity.expected_close_on,
        {{ is_overdue('opportunity.expected_close_on', 'run.as_of') }} as is_overdue,
        tells_several.source_system is not null as is_several_told
    from status
    cross join run
    inner join opportunity on status.opportunity_key = opportunity.opportunity_key
    inner join first_seen
        on status.source_system = first_seen.source_system and status.opportunity_id = first_seen.opportunity_id
    left join stage_visit on status.opportunity_key = stage_visit.opportunity_key
    left join stage_patience
        on status.source_system = stage_patience.source_system and opportunity.pipeline = stage_patience.pipeline
        and status.stage = stage_patience.stage
    left join contact_count
        on status.source_system = contact_count.source_system and status.opportunity_id = contact_count.opportunity_id
    left join next_activity
        on status.source_system = next_activity.source_system and status.opportunity_id = next_activity.opportunity_id
    left join tells_person on status.source_system = tells_person.source_system
    left join tells_several on status.source_system = tells_several.source_system
    left join tells_plan on status.source_system = tells_plan.source_system

),

judged as (

    select
        *,
        case
            when days_in_stage > threshold_days then true
            when not is_entry_unknown then days_in_stage > threshold_days
        end as is_stalled,
        case when contacts <> 1 or is_several_told then contacts <= 1 end as is_single_threaded,
        case when is_plan_told then next_activity_on is null end as has_no_next_activity
    from known

)

select
    source_system,
    opportunity_id,
    is_stalled,
    threshold_days as stalled_threshold_days,
    won_visits as stalled_threshold_visits,
    contacts,
    is_single_threaded,
    next_activity_on,
    has_no_next_activity,
    nullif(concat_ws(
        '; ',
        case when is_stalled then
            'stalled: ' || cast(cast(floor(days_in_stage) as bigint) as varchar) || ' days in ' || stage || ', 80 % of those won took at most '
            || cast(cast(ceiling(threshold_days) as bigint) as varchar)
        end,
        case when close_date_pushes > 0 then 'close date pushed ' || cast(close_date_pushes as varchar) || '×' end,
        case when is_overdue then 'overdue: expected to close by ' || cast(expected_close_on as varchar) end,
        case when contacts = 0 then 'nobody engaged' when is_single_threaded then 'one contact only' end,
        case when has_no_next_activity then 'no next activity' end
    ), '') as risk_reasons,
    nullif(concat_ws(
        '; ',
        case
            when is_stalled is not null then null
            when threshold_days is null then 'stalled: fewer than 20 visits of won deals to learn from'
            when is_before_history then 'stalled: in its stage since before its history begins'
            else 'stalled: in its stage since before the first extract'
        end,
        case when close_date_pushes is null then 'close date pushes: no history of the expected close date' end,
        case
            when contacts is null then 'contacts: no activity on a deal names a person'
            when is_single_threaded is null then 'one contact: no deal is known with more than one, so it says nothing'
        end,
        case when has_no_next_activity is null then 'next activity: the extracts tell of no planned ones' end
    ), '') as risk_unknown
from judged
