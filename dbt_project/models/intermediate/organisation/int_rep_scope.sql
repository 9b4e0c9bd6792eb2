-- One row per source system and user id that a user, a deal or a lead names: what the tables call it where they are cut by rep.
-- That is its id; where two systems use the same id for different people, the id with its system: 'generic:17'. The name is today's.
with user_version as (

    select * from {{ ref('int_user_version') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

known as (

    select source_system, user_id, name from user_version where is_current

),

named as (

    select source_system, user_id as rep_id from user_version
    union
    select source_system, owner_id from opportunity_version where owner_id is not null
    union
    select source_system, owner_id from lead where owner_id is not null

)

select
    named.source_system,
    named.rep_id,
    case when count(*) over (partition by named.rep_id) > 1 then named.source_system || ':' || named.rep_id else named.rep_id end as scope_id,
    coalesce(known.name, 'unknown (' || named.rep_id || ')') as scope_name
from named
left join known on named.source_system = known.source_system and named.rep_id = known.user_id
