-- One row per hand-off of a deal while it is open: from the owner of its lead at conversion, from owner to owner, or to a new role of its owner.
-- A view: one model reads it, once, and to write it would cost more than to make it.
{{ config(materialized='view') }}
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

stage as (

    select * from {{ ref('int_stage') }}

),

run as (

    select timezone, as_of_end from {{ source('config', 'run') }}

),

-- A lead that is converted into a deal that was there already comes to its owner on that day, else with the deal.
converted as (

    select
        opportunity.opportunity_key, lead.owner_id as from_rep_id,
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
        converted.opportunity_key, 'conversion' as kind, converted.handed_at, converted.from_rep_id,
        case when {{ local_day('converted.handed_at') }} >= {{ local_day('owner_span.known_from') }} then owner_span.owner_id end as to_rep_id,
        case when {{ local_day('converted.handed_at') }} >= {{ local_day('owner_span.known_from') }} then 'conversion' else 'unknown' end as evidence
    from converted
    cross join run
    inner join owner_span
        on converted.opportunity_key = owner_span.opportunity_key
        and converted.handed_at >= owner_span.owned_from
        and (owner_span.owned_to is null or converted.handed_at < owner_span.owned_to)
    -- Before anything told of the deal's owner, nobody knows to whom it went, or whether it changed hands at all. Extracts are dated by day.
    where converted.from_rep_id <> owner_span.owner_id
        or {{ local_day('converted.handed_at') }} < {{ local_day('owner_span.known_from') }}

    union all

    select given.opportunity_key, 'owner', taken.owned_from, given.owner_id, taken.owner_id, taken.evidence
    from owner_span as given
    inner join owner_span as taken
        on given.opportunity_key = taken.opportunity_key and given.span_number + 1 = taken.span_number

    union all

    -- The same owner, in another role from that day on.
    select
        owner_span.opportunity_key, 'role', {{ utc_time(dbt.cast('role_change.valid_from', 'timestamp'), 'run.timezone') }},
        owner_span.owner_id, owner_span.owner_id, 'extract'
    from owner_span
    cross join run
    inner join opportunity on owner_span.opportunity_key = opportunity.opportunity_key
    inner join role_change on opportunity.source_system = role_change.source_system and owner_span.owner_id = role_change.user_id
    where {{ utc_time(dbt.cast('role_change.valid_from', 'timestamp'), 'run.timezone') }} > owner_span.owned_from
        and (owner_span.owned_to is null or {{ utc_time(dbt.cast('role_change.valid_from', 'timestamp'), 'run.timezone') }} < owner_span.owned_to)

),

-- The visit in which it happened: the last one that had begun, or the first where history begins later.
visited as (

    select
        passed.*,
        opportunity.source_system,
        opportunity.opportunity_id,
        opportunity.lead_id,
        opportunity.account_id,
        stage.pipeline,
        stage.stage
    from passed
    cross join run
    inner join opportunity on passed.opportunity_key = opportunity.opportunity_key
    inner join stage_visit
        on passed.opportunity_key = stage_visit.opportunity_key
        and (stage_visit.entered_at <= passed.handed_at or stage_visit.visit_number = 1)
        and (stage_visit.exited_at is null or stage_visit.exited_at > passed.handed_at)
    -- A deal that is over is not handed on, but only kept by somebody else.
    inner join stage on stage_visit.stage_key = stage.stage_key and stage.is_open
    where passed.handed_at < run.as_of_end

),

numbered as (

    select
        *,
        row_number() over (
            partition by opportunity_key order by handed_at, case kind when 'conversion' then 1 when 'owner' then 2 else 3 end
        ) as handoff_number
    from visited

)

select
    numbered.source_system,
    numbered.opportunity_id,
    numbered.opportunity_key,
    numbered.handoff_number,
    numbered.kind,
    numbered.pipeline,
    numbered.stage,
    numbered.handed_at,
    numbered.lead_id,
    numbered.account_id,
    numbered.from_rep_id,
    giver.name as from_rep_name,
    giver.role as from_role,
    giver.team as from_team,
    giver.pod as from_pod,
    numbered.to_rep_id,
    taker.name as to_rep_name,
    taker.role as to_role,
    taker.team as to_team,
    taker.pod as to_pod,
    numbered.evidence
from numbered
cross join run
-- Who gave it away is told as they were on the day before, if their role is what changed.
left join user_role as giver
    on numbered.source_system = giver.source_system and numbered.from_rep_id = giver.user_id
    and case
        when numbered.kind = 'role' then {{ dbt.dateadd('day', -1, local_day('numbered.handed_at')) }} else {{ local_day('numbered.handed_at') }}
    end >= giver.valid_from
    and (giver.valid_to is null or case
        when numbered.kind = 'role' then {{ dbt.dateadd('day', -1, local_day('numbered.handed_at')) }} else {{ local_day('numbered.handed_at') }}
    end < giver.valid_to)
left join user_role as taker
    on numbered.source_system = taker.source_system and numbered.to_rep_id = taker.user_id
    and {{ local_day('numbered.handed_at') }} >= taker.valid_from
    and (taker.valid_to is null or {{ local_day('numbered.handed_at') }} < taker.valid_to)
