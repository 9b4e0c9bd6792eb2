-- One row per source system and lead that is not deleted.
with lead as (

    select * from {{ ref('int_lead') }}

)

select
    source_system,
    lead_id,
    account_id,
    owner_id,
    email,
    title,
    company,
    industry,
    employees,
    country,
    source,
    motion,
    status,
    created_at,
    qualified_at,
    converted_at,
    opportunity_id
from lead
where not is_deleted
