-- One row per source system and lead that is not deleted.
with lead as (

    select * from {{ ref('int_lead') }} where not is_deleted

),

person as (

    select * from {{ ref('int_person') }} where object = 'lead'

),

lead_company as (

    select * from {{ ref('int_lead_company') }}

)

select
    lead.source_system,
    lead.lead_id,
    lead.account_id,
    lead.owner_id,
    lead.email,
    lead.title,
    lead.company,
    lead.industry,
    lead.employees,
    lead.country,
    lead.source,
    lead.motion,
    lead.status,
    lead.created_at,
    lead.qualified_at,
    lead.converted_at,
    lead.opportunity_id,
    lead.campaign,
    person.person_id,
    -- Of several leads that are one person, the first: to count people, count these.
    row_number() over (
        partition by person.person_id order by lead.created_at, lead.source_system, lead.lead_id
    ) = 1 as is_primary_record,
    lead_company.company_id
from lead
left join person on lead.source_system = person.source_system and lead.lead_id = person.record_id
left join lead_company on lead.source_system = lead_company.source_system and lead.lead_id = lead_company.lead_id
