-- One row per hand-off of a deal while it is open: from the owner of its lead at conversion, from owner to owner, or to a new role of its owner.
with owner_span as (

    select * from {{ ref('int_owner_span') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }} where deleted_at is null

),

lead as (

    select * from {{ ref('int_lead') }}

),

user_role as (

    select * from {{ ref('int_user_role') }}

),

stage_visit as (

    select * from {{ ref('int_stage_visit') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

-- A lead that is converted into a deal that was there already comes to its owner on that day, else with the deal.
converted as (

    select
        opportunity.source_system, opportunity.opportunity_id, lead.owner_id as from_rep_id,
        case
            when {{ local_day('lead.converted_at') }} > {{ local_day('opportunity.created_at') }} then lead.converted_at
            else opportunity.created_at
        end as handed_at
    from opportunity
    cross join run
    inner join lead on opportunity.source_system = lead.source_system and opportunity.lead_id = lead.lead_id
    where lead.owner_id is not null

),

role_change as (

    select source_system, user_id, role, previous_role, valid_from
    from (
        select *, lag(role) over (partition by source_system, user_id order by valid_from) as previous_role
        from user_role
    ) as compared
    where role <> previous_role

),

passed as (

    select
        converted.source_system, converted.opportunity_id, 'conversion' as kind, converted.handed_at, converted.from_rep_id,
        owner_span.owner_id as to_rep_id, 'conversion' as evidence
    from converted
    inner join owner_span
        on converted.source_system = owner_span.source_system and converted.opportunity_id = owner_span.opportunity_id
        and converted.handed_at >= owner_span.owned_from
        and (owner_span.owned_to is null or converted.handed_at < owner_span.owned_to)
    where converted.from_rep_id <> owner_span.owner_id

    union all

    select given.source_system, given.opportunity_id, 'owner', taken.owned_from, given.owner_id, taken.owner_id, taken.evidence
    from owner_span as given
    inner join owner_span as taken
        on given.source_system = taken.source_system and given.opportunity_id = taken.opportunity_id
        and given.span_number + 1 = taken.span_number

    union all

    -- The same owner, in another role from that day on.
    select
        owner_span.source_system, owner_span.opportunity_id, 'role', {{ utc_time(dbt.cast('role_change.valid_from', 'timestamp'), 'run.timezone') }},
        owner_span.owner_id, owner_span.owner_id, 'extract'
    from owner_span
    cross join run
    inner join role_change on owner_span.source_system = role_change.source_system and owner_span.owner_id = role_change.user_id
    where {{ utc_time(dbt.cast('role_change.valid_from', 'timestamp'), 'run.timezone') }} > owner_span.owned_from
        and (owner_span.owned_to is null or {{ utc_time(dbt.cast('role_change.valid_from', 'timestamp'), 'run.timezone') }} < owner_span.owned_to)

),

-- The visit in which it happened: the last one that had begun, or the first where history begins later.
visited as (

    select
        passed.*,
        opportunity.lead_id,
        opportunity.account_id,
        stage_visit.pipeline,
        stage_visit.stage,
        stage_visit.phase
    from passed
    cross join run
    inner join opportunity
        on passed.source_system = opportunity.source_system and passed.opportunity_id = opportunity.opportunity_id
    inner join stage_visit
        on passed.source_system = stage_visit.source_system and passed.opportunity_id = stage_visit.opportunity_id
        and (stage_visit.entered_at <= passed.handed_at or stage_visit.visit_number = 1)
        and (stage_visit.exited_at is null or stage_visit.exited_at > passed.handed_at)
    where passed.handed_at < run.as_of_end
        -- A deal that is over is not handed on, but only kept by somebody else.
        and (stage_visit.phase is null or stage_visit.phase not in ('won', 'lost'))

)

select
    visited.source_system,
    visited.opportunity_id,
    row_number() over (
        partition by visited.source_system, visited.opportunity_id
        order by visited.handed_at, case visited.kind when 'conversion' then 1 when 'owner' then 2 else 3 end
    ) as handoff_number,
    visited.kind,
    visited.pipeline,
    visited.stage,
    visited.handed_at,
    visited.lead_id,
    visited.account_id,
    visited.from_rep_id,
    giver.name as from_rep_name,
    giver.role as from_role,
    giver.team as from_team,
    giver.pod as from_pod,
    visited.to_rep_id,
    taker.name as to_rep_name,
    taker.role as to_role,
    taker.team as to_team,
    taker.pod as to_pod,
    visited.evidence
from visited
cross join run
-- Who gave it away is told as they were on the day before, if their role is what changed.
left join user_role as giver
    on visited.source_system = giver.source_system and visited.from_rep_id = giver.user_id
    and case
        when visited.kind = 'role' then {{ dbt.dateadd('day', -1, local_day('visited.handed_at')) }} else {{ local_day('visited.handed_at') }}
    end >= giver.valid_from
    and (giver.valid_to is null or case
        when visited.kind = 'role' then {{ dbt.dateadd('day', -1, local_day('visited.handed_at')) }} else {{ local_day('visited.handed_at') }}
    end < giver.valid_to)
left join user_role as taker
    on visited.source_system = taker.source_system and visited.to_rep_id = taker.user_id
    and {{ local_day('visited.handed_at') }} >= taker.valid_from
    and (taker.valid_to is null or {{ local_day('visited.handed_at') }} < taker.valid_to)
