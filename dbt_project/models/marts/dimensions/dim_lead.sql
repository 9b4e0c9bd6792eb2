-- One row per source system and lead that is not deleted.
with lead as (

    select * from {{ ref('int_lead') }} where not is_deleted

),

person as (

    select * from {{ ref('int_person') }} where object = 'lead'

),

lead_company as (

    select * from {{ ref('int_lead_company') }}

),

score as (

    select * from {{ ref('int_score') }} where subject = 'lead'

),

fit as (

    select * from score where score = 'fit'

),

qualification as (

    select * from score where score = 'qualification'

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
    lead_company.company_id,
    fit.points as fit_score,
    fit.tier as fit_tier,
    fit.unknown_attributes as fit_unknown_attributes,
    fit.reason as fit_reason,
    qualification.points as qualification_score,
    qualification.tier as qualification_tier,
    qualification.unknown_attributes as qualification_unknown_attributes,
    qualification.reason as qualification_reason
from lead
left join person on lead.source_system = person.source_system and lead.lead_id = person.record_id
left join lead_company on lead.source_system = lead_company.source_system and lead.lead_id = lead_company.lead_id
left join fit on lead.source_system = fit.source_system and lead.lead_id = fit.subject_id
left join qualification on lead.source_system = qualification.source_system and lead.lead_id = qualification.subject_id
