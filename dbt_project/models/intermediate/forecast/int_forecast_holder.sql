-- One row per opportunity and time [valid_from, valid_until) in days: whose it was, and since when that is known. What the first extract shows stands for the time before, but was not known then. The days are those of forecasts: a change of one
-- day holds from the next.
with owner_span as (

    select * from {{ ref('int_owner_span') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

rep_scope as (

    select * from {{ ref('int_rep_scope') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

version as (

    select
        opportunity_version.source_system, opportunity_version.opportunity_id, opportunity_version.pipeline, opportunity_version.segment,
        {{ days_after(local_day('opportunity_version.valid_from'), 1) }} as known_from,
        case when opportunity_version.version_number = 1 then cast('1970-01-01' as date)
            else {{ days_after(local_day('opportunity_version.valid_from'), 1) }} end as valid_from,
        {{ days_after(local_day('opportunity_version.valid_to'), 1) }} as valid_until
    from opportunity_version
    cross join run

),

first_told as (

    select source_system, opportunity_id, min(known_from) as known_from
    from version
    group by source_system, opportunity_id

),

owner as (

    select
        opportunity.source_system, opportunity.opportunity_id, owner_span.owner_id,
        case when owner_span.evidence = 'first known' then first_told.known_from
            else {{ days_after(local_day('owner_span.owned_from'), 1) }} end as known_from,
        case when owner_span.span_number = 1 then cast('1970-01-01' as date)
            else {{ days_after(local_day('owner_span.owned_from'), 1) }} end as valid_from,
        {{ days_after(local_day('owner_span.owned_to'), 1) }} as valid_until
    from owner_span
    cross join run
    inner join opportunity on owner_span.opportunity_key = opportunity.opportunity_key
    inner join first_told
        on opportunity.source_system = first_told.source_system and opportunity.opportunity_id = first_told.opportunity_id

),

member as (

    select
        source_system, user_id, team,
        {{ days_after('told_on', 1) }} as known_from,
        case when valid_from = cast('1970-01-01' as date) then valid_from else {{ days_after('valid_from', 1) }} end as valid_from,
        {{ days_after('valid_to', 1) }} as valid_until
    from user_version

),

owner_in_team as (

    select
        owner.source_system, owner.opportunity_id, owner.owner_id, member.team,
        greatest(owner.known_from, coalesce(member.known_from, owner.known_from)) as known_from,
        greatest(owner.valid_from, coalesce(member.valid_from, owner.valid_from)) as valid_from,
        {{ earlier_end('owner.valid_until', 'member.valid_until') }} as valid_until
    from owner
    left join member
        on owner.source_system = member.source_system and owner.owner_id = member.user_id
        and (owner.valid_until is null or member.valid_from < owner.valid_until)
        and (member.valid_until is null or member.valid_until > owner.valid_from)

)

select
    version.source_system,
    version.opportunity_id,
    greatest(version.valid_from, coalesce(owner_in_team.valid_from, version.valid_from)) as valid_from,
    {{ earlier_end('version.valid_until', 'owner_in_team.valid_until') }} as valid_until,
    greatest(version.known_from, coalesce(owner_in_team.known_from, version.known_from)) as known_from,
    version.pipeline,
    coalesce(owner_in_team.team, '(none)') as team,
    coalesce(rep_scope.scope_id, '(none)') as rep,
    coalesce(version.segment, '(none)') as segment
from version
left join owner_in_team
    on version.source_system = owner_in_team.source_system and version.opportunity_id = owner_in_team.opportunity_id
    and (version.valid_until is null or owner_in_team.valid_from < version.valid_until)
    and (owner_in_team.valid_until is null or owner_in_team.valid_until > version.valid_from)
left join rep_scope on version.source_system = rep_scope.source_system and owner_in_team.owner_id = rep_scope.rep_id
where version.valid_until is null or version.valid_until > version.valid_from
