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

opportunity as (

    select source_system, opportunity_id, name from {{ ref('int_opportunity') }}

),

-- Accounts and owners as their own dimensions name them.
account as (

    select source_system, account_id, name from {{ ref('dim_account') }}

),

rep as (

    select source_system, rep_id, name from {{ ref('dim_rep') }}

),

company_name as (

    select company_id, name from {{ ref('dim_company') }}

),

record_extra as (

    select * from {{ ref('int_record_extra') }} where object = 'lead'

),

score as (

    select * from {{ ref('int_score') }} where subject in ('lead', 'lead_before_conversion')

),

fit as (

    select * from score where score = 'fit' and subject = 'lead'

),

qualification as (

    select * from score where score = 'qualification' and subject = 'lead'

),

before_conversion as (

    select
        source_system, subject_id,
        max(case when score = 'fit' then tier end) as fit_tier,
        max(case when score = 'qualification' then tier end) as qualification_tier
    from score
    where subject = 'lead_before_conversion'
    group by source_system, subject_id

)

select
    lead.source_system,
    lead.lead_id,
    lead.name,
    lead.account_id,
    case when lead.account_id is not null and account.account_id is null then 'unknown (' || lead.account_id || ')' else account.name end as account_name,
    lead.owner_id,
    rep.name as owner_name,
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
    opportunity.name as opportunity_name,
    lead.campaign,
    person.person_id,
    -- Of several leads that are one person, the first: to count people, count these.
    row_number() over (
        partition by person.person_id order by lead.created_at, lead.source_system, lead.lead_id
    ) = 1 as is_primary_record,
    lead_company.company_id,
    company_name.name as company_name,
    fit.points as fit_score,
    fit.tier as fit_tier,
    fit.unknown_attributes as fit_unknown_attributes,
    fit.reason as fit_reason,
    qualification.points as qualification_score,
    qualification.tier as qualification_tier,
    qualification.unknown_attributes as qualification_unknown_attributes,
    qualification.reason as qualification_reason,
    before_conversion.fit_tier as fit_tier_before_conversion,
    before_conversion.qualification_tier as qualification_tier_before_conversion,
    record_extra.extra
from lead
left join person on lead.source_system = person.source_system and lead.lead_id = person.record_id
left join lead_company on lead.source_system = lead_company.source_system and lead.lead_id = lead_company.lead_id
left join company_name on lead_company.company_id = company_name.company_id
left join account on lead.source_system = account.source_system and lead.account_id = account.account_id
left join rep on lead.source_system = rep.source_system and lead.owner_id = rep.rep_id
left join opportunity on lead.source_system = opportunity.source_system and lead.opportunity_id = opportunity.opportunity_id
left join record_extra on lead.source_system = record_extra.source_system and lead.lead_id = record_extra.record_id
left join fit on lead.source_system = fit.source_system and lead.lead_id = fit.subject_id
left join qualification on lead.source_system = qualification.source_system and lead.lead_id = qualification.subject_id
left join before_conversion on lead.source_system = before_conversion.source_system and lead.lead_id = before_conversion.subject_id
