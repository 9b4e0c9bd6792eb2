-- One row per HubSpot owner and version: as told, with the team and role that the extracts had given by then.
with owner as (

    select * from {{ ref('stg_hubspot__owner') }}

),

owner_team as (

    select * from {{ ref('stg_hubspot__owner_team') }}

),

team as (

    select * from {{ ref('stg_hubspot__team') }}

),

user_of_account as (

    select * from {{ ref('stg_hubspot__user') }}

),

role as (

    select * from {{ ref('stg_hubspot__role') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

team_name as (

    {{ newest_telling('team', ['team_id']) }}

),

role_name as (

    {{ newest_telling('role', ['role_id']) }}

),

membership as (

    select * from owner_team where row_disposition = 'loaded' and coalesce(is_primary, true)

),

told_user as (

    select * from user_of_account where row_disposition = 'loaded'

),

-- A version begins when the owner, the team or the user behind the owner is told anew.
version_start as (

    select owner_id, _extracted_at from owner where row_disposition = 'loaded'
    union
    select owner.owner_id, membership._extracted_at
    from membership
    inner join owner on membership.owner_id = owner.owner_id
    where owner.row_disposition = 'loaded' and membership._extracted_at > owner._extracted_at
    union
    select owner.owner_id, told_user._extracted_at
    from told_user
    inner join owner on told_user.user_id = owner.user_id
    where owner.row_disposition = 'loaded' and told_user._extracted_at > owner._extracted_at

),

as_told as (

    select version_start._extracted_at as version_at, owner.*
    from version_start
    inner join owner on version_start.owner_id = owner.owner_id and owner._extracted_at <= version_start._extracted_at
    where owner.row_disposition = 'loaded'
    qualify row_number() over (partition by version_start.owner_id, version_start._extracted_at order by owner._extracted_at desc) = 1

),

team_then as (

    select as_told.owner_id, as_told.version_at, membership.team_id
    from as_told
    inner join membership on as_told.owner_id = membership.owner_id and membership._extracted_at <= as_told.version_at
    qualify row_number() over (
        partition by as_told.owner_id, as_told.version_at
        order by membership._extracted_at desc, membership.is_primary desc nulls last, membership.team_id
    ) = 1

),

user_then as (

    select as_told.owner_id, as_told.version_at, told_user.primary_team_id, told_user.role_id, told_user.email, told_user.name
    from as_told
    inner join told_user on as_told.user_id = told_user.user_id and told_user._extracted_at <= as_told.version_at
    qualify row_number() over (partition by as_told.owner_id, as_told.version_at order by told_user._extracted_at desc) = 1

)

select
    as_told._system as source_system,
    as_told.owner_id as user_id,
    coalesce(as_told.name, user_then.name, as_told.owner_id) as name,
    coalesce(as_told.email, user_then.email) as email,
    role_name.name as role,
    coalesce(primary_team.name, user_team.name, as_told.team_name) as team,
    as_told.is_active,
    {{ local_day('as_told.created_at') }} as started_on,
    as_told.version_at as _extracted_at
from as_told
cross join run
left join team_then on as_told.owner_id = team_then.owner_id and as_told.version_at = team_then.version_at
left join team_name as primary_team on team_then.team_id = primary_team.team_id
left join user_then on as_told.owner_id = user_then.owner_id and as_told.version_at = user_then.version_at
left join team_name as user_team on user_then.primary_team_id = user_team.team_id
left join role_name on user_then.role_id = role_name.role_id
