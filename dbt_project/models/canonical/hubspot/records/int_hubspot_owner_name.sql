-- One row per word by which HubSpot names an owner: the id in replicas and the API; the full name or the address in its own exports.
with owner as (

    select * from {{ ref('stg_hubspot__owner') }}

),

newest as (

    {{ newest_telling('owner', ['owner_id']) }}

),

named as (

    select owner_id as word, owner_id, 1 as preference from newest
    union all
    select email, owner_id, 2 from newest where email is not null
    union all
    select lower(name), owner_id, 3 from newest where name is not null

),

-- A name that two people have names neither.
told_once as (

    select *
    from named
    qualify preference = 1 or min(owner_id) over (partition by word) = max(owner_id) over (partition by word)

)

select
    word,
    owner_id
from told_once
qualify row_number() over (partition by word order by preference, owner_id) = 1
