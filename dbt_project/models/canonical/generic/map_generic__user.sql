-- One row per user of the generic extracts and extract that said something new of them.
select
    {{ canonical('user', ['user_id', 'name', 'email', 'team', 'pod', 'manager_id', 'is_active', 'started_on', 'ended_on'], {'role': 'lower(role)'}) }}
from {{ ref('stg_generic__user') }}
where row_disposition = 'loaded'
