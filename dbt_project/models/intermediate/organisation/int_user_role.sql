-- One row per user and version, [valid_from, valid_to) in company days: the role as the sales process calls it, team and pod.
with user_version as (

    select * from {{ ref('int_user_version') }}

),

role as (

    select * from {{ source('config', 'role') }}

)

select
    user_version.source_system,
    user_version.user_id,
    user_version.name,
    coalesce(role.role, user_version.role) as role,
    user_version.team,
    user_version.pod,
    user_version.valid_from,
    user_version.valid_to
from user_version
left join role on lower(user_version.role) = lower(role.label)
