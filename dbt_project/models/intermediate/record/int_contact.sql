-- One row per contact, as last delivered, with the lead that became it. Contacts that were merged into another know which.
with contact as (

    select * from {{ ref('canonical_contact') }}

),

lead as (

    select * from {{ ref('canonical_lead') }}

),

record_merge as (

    select * from {{ ref('int_record_merge') }}

),

newest as (

    select *
    from contact
    qualify row_number() over (partition by source_system, contact_id order by _extracted_at desc) = 1

),

converted as (

    select source_system, contact_id, lead_id, converted_at, _extracted_at
    from lead
    where contact_id is not null

),

-- A contact whom several leads became is told of the first.
first_lead as (

    select
        newest_lead.source_system, coalesce(record_merge.survivor_id, newest_lead.contact_id) as contact_id, newest_lead.lead_id,
        newest_lead.converted_at
    from (
        select *
        from converted
        qualify row_number() over (partition by source_system, lead_id order by _extracted_at desc) = 1
    ) as newest_lead
    left join record_merge
        on newest_lead.source_system = record_merge.source_system and record_merge.object = 'contact'
        and newest_lead.contact_id = record_merge.record_id
    qualify row_number() over (
        partition by newest_lead.source_system, coalesce(record_merge.survivor_id, newest_lead.contact_id)
        order by newest_lead.converted_at, newest_lead.lead_id
    ) = 1

)

select
    newest.source_system,
    newest.contact_id,
    coalesce(account_merge.survivor_id, newest.account_id) as account_id,
    newest.email,
    newest.created_at,
    newest.is_deleted or record_merge.survivor_id is not null as is_deleted,
    record_merge.survivor_id as merged_into,
    first_lead.lead_id,
    first_lead.converted_at as lead_converted_at
from newest
left join record_merge
    on newest.source_system = record_merge.source_system and record_merge.object = 'contact'
    and newest.contact_id = record_merge.record_id
left join record_merge as account_merge
    on newest.source_system = account_merge.source_system and account_merge.object = 'account'
    and newest.account_id = account_merge.record_id
left join first_lead on newest.source_system = first_lead.source_system and newest.contact_id = first_lead.contact_id
