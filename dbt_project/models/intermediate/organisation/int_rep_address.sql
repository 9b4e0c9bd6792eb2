-- One row per e-mail address: the user who sends from it, so that tools which know only addresses can be credited.
-- A person with users in several systems is the CRM's user, since that one owns deals; an active user goes before a former one.
with user_version as (

    select * from {{ ref('int_user_version') }}

)

select
    email,
    source_system,
    user_id as rep_id
from user_version
where is_current and email is not null
qualify row_number() over (
    partition by email
    order by case when source_system = 'generic' then 1 else 0 end, coalesce(is_active, true) desc, source_system, user_id
) = 1
