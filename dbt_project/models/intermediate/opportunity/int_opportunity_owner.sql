-- One row per opportunity: its owner as they were on the day it closed, or are on the as-of day: name, role and team.
with opportunity as (

    select * from {{ ref('int_opportunity') }}

),

status as (

    select * from {{ ref('int_opportunity_status') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

run as (

    select timezone, as_of from {{ source('config', 'run') }}

),

dated as (

    select
        opportunity.source_system,
        opportunity.opportunity_id,
        opportunity.opportunity_key,
        opportunity.owner_id,
        coalesce({{ local_day('status.closed_at') }}, run.as_of) as owner_day
    from opportunity
    cross join run
    inner join status on opportunity.opportunity_key = status.opportunity_key

)

select
    dated.source_system,
    dated.opportunity_id,
    dated.opportunity_key,
    dated.owner_id,
    coalesce(user_version.name, case when dated.owner_id is not null then 'unknown (' || dated.owner_id || ')' end) as owner_name,
    user_version.role,
    user_version.team,
    user_version.pod
from dated
left join user_version
    on dated.source_system = user_version.source_system and dated.owner_id = user_version.user_id
    and dated.owner_day >= user_version.valid_from
    and (user_version.valid_to is null or dated.owner_day < user_version.valid_to)
