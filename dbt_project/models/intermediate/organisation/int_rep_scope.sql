-- One row per source system and user id that a user, a deal or a lead names: what the tables call it where they are cut by rep.
-- That is its id; where two systems use the same id for different people, the id with its system: 'hubspot:17'.
with user_version as (

    select * from {{ ref('int_user_version') }}

),

opportunity_version as (

    select * from {{ ref('int_opportunity_version') }}

),

lead as (

    select * from {{ ref('int_lead') }}

),

named as (

    select source_system, user_id as rep_id from user_version
    union
    select source_system, owner_id from opportunity_version where owner_id is not null
    union
    select source_system, owner_id from lead where owner_id is not null

)

select
    source_system,
    rep_id,
    case when count(*) over (partition by rep_id) > 1 then source_system || ':' || rep_id else rep_id end as scope_id
from named
