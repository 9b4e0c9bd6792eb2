-- One row per company of which any account is not deleted, whatever the systems that know it.
with company as (

    select * from {{ ref('int_company') }} where not is_deleted

),

lead_company as (

    select * from {{ ref('int_lead_company') }}

),

lead as (

    select * from {{ ref('int_lead') }} where not is_deleted

),

counted as (

    select company_id, count(*) as accounts, count(distinct source_system) as systems, min(created_at) as first_created_at
    from company
    group by company_id

),

counted_lead as (

    select lead_company.company_id, count(*) as leads
    from lead_company
    inner join lead on lead_company.source_system = lead.source_system and lead_company.lead_id = lead.lead_id
    group by lead_company.company_id

),

-- The account that was there first stands for the company.
primary_account as (

    select *
    from company
    qualify row_number() over (partition by company_id order by created_at nulls last, source_system, account_id) = 1

)

select
    primary_account.company_id,
    primary_account.name,
    primary_account.domain,
    primary_account.source_system as primary_source_system,
    primary_account.account_id as primary_account_id,
    counted.accounts,
    counted.systems,
    coalesce(counted_lead.leads, 0) as leads,
    counted.first_created_at
from primary_account
inner join counted on primary_account.company_id = counted.company_id
left join counted_lead on primary_account.company_id = counted_lead.company_id
