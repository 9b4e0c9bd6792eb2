-- One row per lead whose company is known to have an account: by the account it became, or else by the domain of its site or address.
with lead as (

    select * from {{ ref('int_lead') }}

),

company as (

    select * from {{ ref('int_company') }}

),

domain_company as (

    select * from {{ ref('int_domain_company') }}

),

correction as (

    select * from {{ ref('int_company_correction') }} where problem is null

),

known as (

    select distinct company_id from company where not is_deleted

),

by_domain as (

    select
        lead.source_system, lead.lead_id,
        {{ text_digest("coalesce(alias.company_key, 'domain:' || coalesce(site.domain, mail.domain))") }} as company_id
    from lead
    left join domain_company as site on {{ web_host('lead.domain') }} = site.host
    left join domain_company as mail on {{ web_host('lead.email') }} = mail.host
    left join correction as alias on 'domain:' || coalesce(site.domain, mail.domain) = alias.alias_key
    where coalesce(site.domain, mail.domain) is not null

)

select
    lead.source_system,
    lead.lead_id,
    coalesce(company.company_id, known.company_id) as company_id
from lead
left join company on lead.source_system = company.source_system and lead.account_id = company.account_id
left join by_domain on lead.source_system = by_domain.source_system and lead.lead_id = by_domain.lead_id
left join known on by_domain.company_id = known.company_id
where coalesce(company.company_id, known.company_id) is not null
