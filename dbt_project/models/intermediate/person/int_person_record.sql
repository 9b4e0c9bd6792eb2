-- One row per source record of a person (lead, contact, user): its address as people are matched on it, and the record it became.
with lead as (

    select * from {{ ref('int_lead') }}

),

contact as (

    select * from {{ ref('int_contact') }}

),

user_version as (

    select * from {{ ref('int_user_version') }}

),

became as (

    -- A lead became the contact it was converted to; one that was merged became what the other is or became.
    select
        lead.source_system, lead.lead_id,
        coalesce(survivor.contact_id, lead.contact_id) as contact_id,
        lead.merged_into
    from lead
    left join lead as survivor on lead.source_system = survivor.source_system and lead.merged_into = survivor.lead_id

),

record as (

    select
        lead.source_system, 'lead' as object, lead.lead_id as record_id, lead.email, lead.created_at, lead.is_deleted,
        case when contact.contact_id is not null then 'contact' when became.merged_into is not null then 'lead' end as linked_object,
        case when contact.contact_id is not null then coalesce(contact.merged_into, contact.contact_id) else became.merged_into
        end as linked_record_id,
        case when became.merged_into is not null then 'merged' when contact.contact_id is not null then 'converted' end as link
    from lead
    inner join became on lead.source_system = became.source_system and lead.lead_id = became.lead_id
    left join contact on became.source_system = contact.source_system and became.contact_id = contact.contact_id

    union all

    select
        source_system, 'contact', contact_id, email, created_at, is_deleted,
        case when merged_into is not null then 'contact' end, merged_into, case when merged_into is not null then 'merged' end
    from contact

    union all

    select
        source_system, 'user', user_id, email, cast(null as timestamp), false,
        cast(null as varchar), cast(null as varchar), cast(null as varchar)
    from user_version
    where is_current

)

select
    source_system,
    object,
    record_id,
    email,
    {{ email_key('email') }} as email_key,
    created_at,
    is_deleted,
    linked_object,
    linked_record_id,
    link
from record
