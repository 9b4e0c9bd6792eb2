-- One row per e-mail address, as people are matched on it: the user who sends from it, so that tools which know only addresses can be
-- credited. Further mailboxes of a user are those that the hand-kept sheet joins to the user's address.
-- A person with users in several systems is the CRM's user, since that one owns deals; an active user goes before a former one.
with user_version as (

    select * from {{ ref('int_user_version') }}

),

correction as (

    select * from {{ ref('int_person_correction') }} where problem is null and alias_key is not null

),

addressed as (

    select user_version.*, {{ email_key('user_version.email') }} as email_key
    from user_version
    where is_current

),

told as (

    select email_key, source_system, user_id, is_active from addressed where email_key is not null

    union all

    select {{ dbt.split_part('correction.alias_key', "':'", 2) }}, addressed.source_system, addressed.user_id, addressed.is_active
    from addressed
    inner join correction on 'email:' || addressed.email_key = correction.person_key

)

select
    email_key as email,
    source_system,
    user_id as rep_id
from told
qualify row_number() over (
    partition by email_key
    order by case when source_system = 'generic' then 1 else 0 end, coalesce(is_active, true) desc, source_system, user_id
) = 1
