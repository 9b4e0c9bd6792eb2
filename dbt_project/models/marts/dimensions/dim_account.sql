-- One row per source system and account; accounts that only a deal names are placeholders.
with account as (

    select * from {{ ref('int_account') }} where not is_deleted

),

opportunity as (

    select * from {{ ref('int_opportunity') }}

),

placeholder as (

    select distinct opportunity.source_system, opportunity.account_id
    from opportunity
    left join account on opportunity.source_system = account.source_system and opportunity.account_id = account.account_id
    where opportunity.account_id is not null and account.account_id is null

)

select
    source_system,
    account_id,
    name,
    domain,
    industry,
    employees,
    country,
    created_at,
    false as is_placeholder
from account


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
    true
from placeholder
