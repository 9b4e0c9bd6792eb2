-- One row per account, as last delivered. Accounts that were merged into another are deleted, and know which.
with account as (

    select * from {{ ref('canonical_account') }}

),

record_merge as (

    select * from {{ ref('int_record_merge') }} where object = 'account'

),

newest as (

    select *
    from account
    qualify row_number() over (partition by source_system, account_id order by _extracted_at desc) = 1

)

select
    newest.source_system,
    newest.account_id,
    newest.name,
    newest.domain,
    newest.industry,
    newest.employees,
    newest.country,
    newest.created_at,
    newest.extra,
    newest.is_deleted or record_merge.survivor_id is not null as is_deleted,
    record_merge.survivor_id as merged_into
from newest
left join record_merge on newest.source_system = record_merge.source_system and newest.account_id = record_merge.record_id
