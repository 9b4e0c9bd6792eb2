-- One row per Salesforce user and extract that said something new of them. A user's role is the newest name of their UserRole, or their title.
with salesforce_user as (

    select * from {{ ref('stg_salesforce__user') }} where row_disposition = 'loaded'

),

role_name as (

    select user_role_id, role_name
    from {{ ref('stg_salesforce__user_role') }}
    where row_disposition = 'loaded'
    qualify row_number() over (partition by user_role_id order by _extracted_at desc) = 1

)

select
    {{ canonical('user', ['user_id', 'email', 'team', 'manager_id', 'is_active', 'started_on'], {
        'source_system': 'salesforce_user._system',
        'name': 'coalesce(name, user_id)',
        'role': 'lower(coalesce(role_name.role_name, title))',
        '_extracted_at': 'salesforce_user._extracted_at'
    }) }}
from salesforce_user
left join role_name on salesforce_user.user_role_id = role_name.user_role_id
