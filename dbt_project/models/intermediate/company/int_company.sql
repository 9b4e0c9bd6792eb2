-- One row per account: whose account it is, and what says so.
-- In this order: the hand-kept sheet, the account that its CRM merged it into, its web domain; else it is a company of its own.
with account as (

    select * from {{ ref('int_account') }}

),

domain_company as (

    select * from {{ ref('int_domain_company') }}

),

correction as (

    select * from {{ ref('int_company_correction') }} where problem is null

),

corrected as (

    select account.source_system, account.account_id, min(correction.company_key) as company_key
    from account
    inner join correction
        on account.account_id = correction.record_id and correction.alias_key is null
        and (correction.system is null or account.source_system = correction.system)
    group by account.source_system, account.account_id

),

own as (

    select
        account.source_system, account.account_id, account.name, account.created_at, account.is_deleted, account.merged_into,
        domain_company.domain,
        corrected.company_key as corrected_key,
        coalesce(alias.company_key, 'domain:' || domain_company.domain) as domain_key,
        alias.company_key is not null as is_aliased,
        'record:' || account.source_system || '|account|' || account.account_id as record_key
    from account
    left join domain_company on {{ web_host('account.domain') }} = domain_company.host
    left join corrected on account.source_system = corrected.source_system and account.account_id = corrected.account_id
    left join correction as alias on 'domain:' || domain_company.domain = alias.alias_key

),

linked as (

    select
        own.*,
        case when other.account_id is not null
            then coalesce(other.corrected_key, other.domain_key, other.record_key) end as linked_key,
        other.corrected_key is null and other.domain_key is not null as is_linked_by_domain
    from own
    left join own as other on own.source_system = other.source_system and own.merged_into = other.account_id

)

select
    source_system,
    account_id,
    name,
    domain,
    created_at,
    is_deleted,
    {{ text_digest('coalesce(corrected_key, linked_key, domain_key, record_key)') }} as company_id,
    case
        when corrected_key is not null then 'corrected'
        when linked_key is not null then 'merged'
        when is_aliased then 'corrected'
        when domain_key is not null then 'domain'
        else 'alone'
    end as match_reason,
    coalesce(corrected_key is null and is_linked_by_domain and linked_key <> domain_key, false) as has_conflict,
    case when corrected_key is null and is_linked_by_domain and linked_key <> domain_key
        then {{ text_digest('domain_key') }} end as other_company_id
from linked
