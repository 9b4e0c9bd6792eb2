-- One row per source system and user, as they are on the as-of day; users whom only a record names are placeholders.
with user_version as (

    select * from {{ ref('int_user_version') }}

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

activity as (

    select * from {{ ref('int_activity') }}

),

person as (

    select * from {{ ref('int_person') }} where object = 'user'

),

record_extra as (

    select * from {{ ref('int_record_extra') }} where object = 'user'

),

known as (

    select * from user_version where is_current

),

named as (

    select source_system, owner_id as rep_id from opportunity where owner_id is not null
    union
    select source_system, owner_id from lead where owner_id is not null
    union
    select rep_source_system, rep_id from activity where rep_id is not null

),

placeholder as (

    select named.source_system, named.rep_id
    from named
    left join known on named.source_system = known.source_system and named.rep_id = known.user_id
    where known.user_id is null

)

select
    known.source_system,
    known.user_id as rep_id,
    known.name,
    known.email,
    known.role,
    known.team,
    known.pod,
    known.manager_id,
    manager.name as manager_name,
    coalesce(known.is_active, known.ended_on is null) as is_active,
    known.started_on,
    known.ended_on,
    person.person_id,
    false as is_placeholder,
    record_extra.extra
from known
left join person on known.source_system = person.source_system and known.user_id = person.record_id
left join record_extra on known.source_system = record_extra.source_system and known.user_id = record_extra.record_id
left join known as manager on known.source_system = manager.source_system and known.manager_id = manager.user_id

union all

select
    source_system,
    rep_id,
    'unknown (' || rep_id || ')',
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as boolean),
    cast(null as date),
    cast(null as date),
    cast(null as varchar),
    true,
    cast(null as varchar)
from placeholder
