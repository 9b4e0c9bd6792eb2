-- One row per opportunity and unbroken time with one owner, [owned_from, owned_to), and how its beginning is known.
-- The CRM's history speaks where it names owners, consecutive extracts where it does not. Who owned a deal before anything told of
-- its owner is not known: the first known one stands for that time ('first known'), and known_from says from when on it is told.
with opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

stage_history as (

    select * from {{ ref('canonical_stage_history') }}

),

field_change as (

    select * from {{ ref('canonical_field_change') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

run as (

    select as_of_end from {{ source('config', 'run') }}

),

owner_change as (

    select
        source_system, opportunity_id, old_value as old_owner_id, new_value as new_owner_id, changed_at,
        row_number() over (partition by source_system, opportunity_id order by changed_at, change_id) as change_number
    from field_change
    where field = 'owner'

),

compared_version as (

    select
        source_system, opportunity_id, owner_id, version_number, valid_from, updated_at,
        lag(owner_id) over by_version as previous_owner_id,
        lag(valid_from) over by_version as previous_valid_from
    from opportunity_version
    window by_version as (partition by source_system, opportunity_id order by version_number)

),

told as (

    -- The change was saved after the extract before and by the time of the record's last change: that is nearer than the extract's day.
    select
        source_system, opportunity_id, owner_id,
        case
            when version_number = 1 then valid_from
            when updated_at > previous_valid_from and updated_at <= {{ dbt.dateadd('day', 1, 'valid_from') }} then updated_at
            else valid_from
        end as told_at,
        case when version_number = 1 then 'first known' else 'extract' end as evidence,
        version_number as place
    from compared_version
    where version_number = 1 or owner_id is distinct from previous_owner_id

    union all

    select source_system, opportunity_id, owner_id, changed_at, 'history', 0
    from stage_history
    where owner_id is not null

    union all

    select source_system, opportunity_id, new_owner_id, changed_at, 'history', 0
    from owner_change

    union all

    -- Who owned a deal before the first change did so from the start.
    select source_system, opportunity_id, old_owner_id, cast('1970-01-01' as timestamp), 'history', 0
    from owner_change
    where change_number = 1 and old_owner_id is not null

),

-- Nothing that is told of a deal's owner lies before the deal.
dated as (

    select
        opportunity.opportunity_key, told.owner_id, told.place, opportunity.created_at,
        greatest(told.told_at, opportunity.created_at) as told_at,
        told.evidence
    from told
    cross join run
    inner join opportunity
        on told.source_system = opportunity.source_system and told.opportunity_id = opportunity.opportunity_id
    where greatest(told.told_at, opportunity.created_at) < run.as_of_end

),

-- Most of what is told repeats the owner. After an instant of which two owners are told, nothing is a repetition.
newly_told as (

    select *
    from dated
    window by_time as (partition by opportunity_key order by told_at, place, owner_id)
    qualify owner_id is distinct from lag(owner_id) over by_time
        or coalesce(lag(told_at) over by_time = lag(told_at, 2) over by_time, true)

),

by_instant as (

    select
        opportunity_key, created_at, told_at, place, min(evidence) as evidence,
        min(owner_id) as one_owner_id, max(owner_id) as other_owner_id
    from newly_told
    group by opportunity_key, created_at, told_at, place

),

-- Told of two owners at one instant, a deal has gone to the one who did not have it before.
owned as (

    select
        opportunity_key, created_at, told_at, place, evidence,
        case when other_owner_id = lag(other_owner_id) over by_time then one_owner_id else other_owner_id end as owner_id
    from by_instant
    window by_time as (partition by opportunity_key order by told_at, place)

),

compared as (

    select
        *,
        lag(owner_id) over by_time as previous_owner_id,
        row_number() over by_time as told_number
    from owned
    window by_time as (partition by opportunity_key order by told_at, place)

),

changed as (

    select
        opportunity_key, owner_id,
        case when told_number = 1 then created_at else told_at end as owned_from,
        case when told_number = 1 and told_at > created_at then 'first known' else evidence end as evidence,
        told_at as known_from,
        told_number
    from compared
    where told_number = 1 or owner_id is distinct from previous_owner_id

)

select
    opportunity_key,
    cast(row_number() over by_time as integer) as span_number,
    owner_id,
    owned_from,
    lead(owned_from) over by_time as owned_to,
    evidence,
    known_from
from changed
window by_time as (partition by opportunity_key order by told_number)
