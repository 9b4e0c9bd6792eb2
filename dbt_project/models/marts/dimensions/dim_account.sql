-- One row per source system and account; accounts that only a deal names are placeholders.
with account as (

    select * from {{ ref('int_account') }} where not is_deleted

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

company as (

    select * from {{ ref('int_company') }}

),

placeholder as (

    select distinct opportunity.source_system, opportunity.account_id
    from opportunity
    left join account on opportunity.source_system = account.source_system and opportunity.account_id = account.account_id
    where opportunity.account_id is not null and account.account_id is null

)

select
    account.source_system,
    account.account_id,
    account.name,
    account.domain,
    account.industry,
    account.employees,
    account.country,
    account.created_at,
    company.company_id,
    false as is_placeholder
from account
left join company on account.source_system = company.source_system and account.account_id = company.account_id

union all

select
    source_system,
    account_id,
    'unknown (' || account_id || ')',
    cast(null as varchar),
    cast(null as varchar),
    cast(null as bigint),
    cast(null as varchar),
    cast(null as timestamp),
    cast(null as varchar),
    true
from placeholder
