-- One row per user and version of its role, team and activity; a version holds from valid_from to before valid_to.
-- The first version known of a user also stands for the time before: no extract can tell what was then.
with delivered as (

    select * from {{ ref('canonical_user') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

numbered as (

    select
        delivered.*,
        row_number() over by_time as version_number,
        lead(_extracted_at) over by_time as next_extracted_at
    from delivered
    window by_time as (partition by source_system, user_id order by _extracted_at)

)

select
    source_system,
    user_id,
    name,
    email,
    role,
    team,
    pod,
    manager_id,
    is_active,
    started_on,
    ended_on,
    case when version_number = 1 then cast('1970-01-01' as date) else {{ local_day('_extracted_at') }} end as valid_from,
    {{ local_day('next_extracted_at') }} as valid_to,
    -- The extract that first told it.
    {{ local_day('_extracted_at') }} as told_on,
    next_extracted_at is null as is_current
from numbered
cross join run
