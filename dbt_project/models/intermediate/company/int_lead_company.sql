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

named as (

    select
        lead.source_system, lead.lead_id, lead.account_id, coalesce(site.domain, mail.domain) as domain
    from lead
    left join domain_company as site on {{ web_host('lead.domain') }} = site.host
    left join domain_company as mail on {{ web_host('lead.email') }} = mail.host

)

select
    named.source_system,
    named.lead_id,
    coalesce(company.company_id, known.company_id) as company_id
from named
left join company on named.source_system = company.source_system and named.account_id = company.account_id
left join correction as alias on 'domain:' || named.domain = alias.alias_key
left join known on {{ text_digest("coalesce(alias.company_key, 'domain:' || named.domain)") }} = known.company_id
where coalesce(company.company_id, known.company_id) is not null
