-- One row per user and version of its role, team and activity; a version holds from valid_from to before valid_to.
-- The first version known of a user also stands for the time before: no extract can tell what was then.
with generic_user as (

    select * from {{ ref('stg_generic__user') }}

),

{% if uses('salesforce') -%}
salesforce_user as (

    select * from {{ ref('stg_salesforce__user') }}

),

salesforce_role as (

    select * from {{ ref('stg_salesforce__user_role') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_owner as (

    select * from {{ ref('int_hubspot_owner') }}

),

{% endif -%}
run as (

    select timezone from {{ source('config', 'run') }}

),

{% if uses('salesforce') -%}
role_name as (

    select user_role_id, role_name
    from salesforce_role
    where row_disposition = 'loaded'
    qualify row_number() over (partition by user_role_id order by _extracted_at desc) = 1

),

{% endif -%}
delivered as (

    select
        _system as source_system, user_id, name, email, lower(role) as role, team, pod, manager_id, is_active, started_on, ended_on,
        _extracted_at
    from generic_user
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    select
        salesforce_user._system, user_id, coalesce(name, user_id), email, lower(coalesce(role_name.role_name, title)), team,
        cast(null as varchar), manager_id, is_active, started_on, cast(null as date), salesforce_user._extracted_at
    from salesforce_user
    left join role_name on salesforce_user.user_role_id = role_name.user_role_id
    where salesforce_user.row_disposition = 'loaded'
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        source_system, user_id, name, email, lower(role), team, cast(null as varchar), cast(null as varchar), is_active,
        started_on, cast(null as date), _extracted_at
    from hubspot_owner
    {%- endif %}

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
