-- One row per source record of a company (account): whose record it is, and what says so.
with company as (

    select * from {{ ref('int_company') }}

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
    company.company_id,
    company.match_reason,
    counted.records as records_of_company,
    counted.systems as systems_of_company,
    company.has_conflict,
    company.other_company_id,
    company.is_deleted
from company
inner join counted on company.company_id = counted.company_id
