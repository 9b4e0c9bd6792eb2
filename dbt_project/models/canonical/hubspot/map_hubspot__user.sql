-- One row per HubSpot owner and extract that said something new of them, with the team of that day.
select
    {{ canonical('user', ['source_system', 'user_id', 'name', 'email', 'team', 'is_active', 'started_on'], {'role': 'lower(role)'}) }}
from {{ ref('int_hubspot_owner') }}
