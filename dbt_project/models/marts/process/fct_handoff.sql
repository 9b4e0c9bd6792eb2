-- One row per hand-off of a deal while it is open: an owner or role change at a stage, and how long it waited for the new owner's first touch.
with handoff as (

    select * from {{ ref('int_handoff') }}

),

opportunity as (

    select * from {{ ref('int_opportunity_now') }}

),

activity as (

    select * from {{ ref('int_activity') }}

),

email_event as (

    select * from {{ ref('int_email_event') }}

),

handover as (

    select * from {{ source('config', 'handover') }}

),

run as (

    select timezone, as_of_end, sales_model from {{ source('config', 'run') }}

),

-- A hand-off is waited for until the next one, the deal's close, or T.
followed as (

    select
        handoff.*,
        lead(handoff.handed_at) over by_number as next_handed_at,
        lead(handoff.to_rep_id) over by_number as next_rep_id,
        lead(handoff.to_role) over by_number as next_role
    from handoff
    window by_number as (partition by handoff.opportunity_key order by handoff.handoff_number)

),

bounded as (

    select
        followed.*,
        opportunity.name as opportunity_name,
        opportunity.status,
        least(
            coalesce(followed.next_handed_at, run.as_of_end),
            coalesce(case when opportunity.closed_at > followed.handed_at then opportunity.closed_at end, run.as_of_end),
            run.as_of_end
        ) as waited_until
    from followed
    cross join run
    inner join opportunity
        on followed.source_system = opportunity.source_system and followed.opportunity_id = opportunity.opportunity_id

),

-- What touches a deal: what was done on it, on its lead, or on its account without naming another deal.
touch as (

    select source_system, rep_id, 'deal' as about, opportunity_id as about_id, occurred_at
    from activity
    where has_occurred and opportunity_id is not null
    union all
    select source_system, rep_id, 'lead', lead_id, occurred_at
    from activity
    where has_occurred and lead_id is not null
    union all
    select source_system, rep_id, 'account', account_id, occurred_at
    from activity
    where has_occurred and account_id is not null and opportunity_id is null
    union all
    select rep_source_system, rep_id, 'lead', lead_id, occurred_at
    from email_event
    where event_type = 'sent' and lead_id is not null

),

about as (

    select source_system, opportunity_key, handoff_number, to_rep_id, handed_at, waited_until, 'deal' as about, opportunity_id as about_id
    from bounded
    union all
    select source_system, opportunity_key, handoff_number, to_rep_id, handed_at, waited_until, 'lead', lead_id from bounded
    union all
    select source_system, opportunity_key, handoff_number, to_rep_id, handed_at, waited_until, 'account', account_id from bounded

),

first_touch as (

    select about.opportunity_key, about.handoff_number, min(touch.occurred_at) as first_touch_at
    from about
    inner join touch
        on about.source_system = touch.source_system and about.to_rep_id = touch.rep_id
        and about.about = touch.about and about.about_id = touch.about_id
        and touch.occurred_at >= about.handed_at and touch.occurred_at < about.waited_until
    group by about.opportunity_key, about.handoff_number

),

planned as (

    select distinct bounded.opportunity_key, bounded.handoff_number
    from bounded
    cross join run
    inner join handover
        on bounded.stage = handover.stage and bounded.pipeline = coalesce(handover.pipeline, bounded.pipeline)
        and bounded.from_role = handover.from_role and bounded.to_role = handover.to_role
    -- In pods a deal stays in its pod; where pods are not told, nothing speaks against it.
    where run.sales_model <> 'pod' or coalesce(bounded.from_pod = bounded.to_pod, true)

)

select
    {{ text_digest(
        "concat_ws('|', bounded.source_system, bounded.opportunity_id, bounded.kind, cast(bounded.handed_at as varchar),"
        ~ " coalesce(bounded.from_rep_id, ''), coalesce(bounded.to_rep_id, ''))"
    ) }} as handoff_id,
    bounded.source_system,
    bounded.opportunity_id,
    bounded.opportunity_name,
    cast(bounded.handoff_number as integer) as handoff_number,
    bounded.kind,
    bounded.pipeline,
    bounded.stage,
    bounded.handed_at,
    {{ local_day('bounded.handed_at') }} as handed_on,
    bounded.from_rep_id,
    bounded.from_rep_name,
    bounded.from_role,
    bounded.from_team,
    bounded.from_pod,
    bounded.to_rep_id,
    bounded.to_rep_name,
    bounded.to_role,
    bounded.to_team,
    bounded.to_pod,
    bounded.evidence,
    case
        when run.sales_model = 'island' then false
        when bounded.from_role is not null and bounded.to_role is not null then planned.handoff_number is not null
    end as is_planned,
    first_touch.first_touch_at,
    -- Of whom nobody knows, no touch can be told.
    case
        when bounded.evidence <> 'unknown'
            then round({{ whole_minutes_in_days('bounded.handed_at', 'coalesce(first_touch.first_touch_at, bounded.waited_until)') }} * 24, 6)
    end as wait_hours,
    first_touch.first_touch_at is null as is_censored,
    first_touch.first_touch_at is null and bounded.evidence <> 'unknown' and bounded.status = 'open' and bounded.next_handed_at is null as is_waiting,
    coalesce(
        bounded.kind <> 'role' and bounded.next_rep_id = bounded.from_rep_id
        or bounded.next_role = bounded.from_role and bounded.next_role <> bounded.to_role, false
    ) as is_returned
from bounded
cross join run
left join first_touch
    on bounded.opportunity_key = first_touch.opportunity_key and bounded.handoff_number = first_touch.handoff_number
left join planned
    on bounded.opportunity_key = planned.opportunity_key and bounded.handoff_number = planned.handoff_number
