-- One row per source record of a company (account): whose record it is, and what says so.
with company as (

    select * from {{ ref('int_company') }}

),

company_name as (

    select company_id, name from {{ ref('dim_company') }}

),

counted as (

    select company_id, count(*) as records, count(distinct source_system) as systems
    from company
    group by company_id

)

select
    company.source_system,
    'account' as object,
    company.account_id as record_id,
    company.name as record_name,
    company.company_id,
    company_name.name as company_name,
    company.match_reason,
    counted.records as records_of_company,
    counted.systems as systems_of_company,
    company.has_conflict,
    company.other_company_id,
    other_company.name as other_company_name,
    company.is_deleted
from company
inner join counted on company.company_id = counted.company_id
left join company_name on company.company_id = company_name.company_id
left join company_name as other_company on company.other_company_id = other_company.company_id
