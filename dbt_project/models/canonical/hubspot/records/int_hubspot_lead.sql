-- One row per HubSpot contact and version that is a lead: one whose lifecycle stage has ever been lead or beyond, or is not told.
-- A contact that is only a subscriber, an evangelist or `other`, and never was a lead, is none. Contacts merged away are in the one that lives on.
with contact as (

    select * from {{ ref('stg_hubspot__contact') }}

),

deal_contact as (

    select * from {{ ref('stg_hubspot__deal_contact') }}

),

deal as (

    select * from {{ ref('int_hubspot_deal') }}

),

merged as (

    select * from {{ ref('int_hubspot_merge') }}

),

owner_name as (

    select * from {{ ref('int_hubspot_owner_name') }}

),

contact_link as (

    {{ holding_now('deal_contact', ['deal_id', 'contact_id', 'type_id']) }}

),

newest_deal as (

    select *
    from deal
    where not is_deleted
    qualify row_number() over (partition by opportunity_id order by _extracted_at desc) = 1

),

-- A lead became the first deal that was made for it.
first_deal as (

    select
        coalesce(merged_contact.survivor_id, contact_link.contact_id) as contact_id,
        newest_deal.opportunity_id,
        newest_deal.created_at
    from contact_link
    left join merged as merged_contact on merged_contact.object = 'contact' and contact_link.contact_id = merged_contact.merged_id
    left join merged as merged_deal on merged_deal.object = 'deal' and contact_link.deal_id = merged_deal.merged_id
    inner join newest_deal on coalesce(merged_deal.survivor_id, contact_link.deal_id) = newest_deal.opportunity_id
    qualify row_number() over (
        partition by coalesce(merged_contact.survivor_id, contact_link.contact_id)
        order by newest_deal.created_at nulls last, newest_deal.opportunity_id
    ) = 1

),

dated as (

    select
        contact.*,
        -- least and greatest pass over nulls: the first of those that are told.
        least(
            became_lead_at, became_marketing_qualified_at, became_sales_qualified_at, became_opportunity_at, became_customer_at
        ) as first_a_lead_at
    from contact
    where row_disposition = 'loaded'

)

select
    dated._system as source_system,
    dated.contact_id as lead_id,
    coalesce(merged_company.survivor_id, dated.company_id) as account_id,
    coalesce(owner_name.owner_id, dated.owner_word) as owner_id,
    dated.name,
    dated.email,
    dated.title,
    dated.company,
    dated.industry,
    dated.employees,
    dated.country,
    dated.source,
    coalesce(dated.lead_status, dated.lifecycle_stage) as status,
    coalesce(dated.first_a_lead_at, dated.created_at) as created_at,
    -- Qualified on the first day on which marketing or sales said so.
    least(dated.became_marketing_qualified_at, dated.became_sales_qualified_at) as qualified_at,
    -- A contact that was added to a deal later became one on the spot.
    case
        when coalesce(dated.became_opportunity_at, first_deal.created_at) is not null
            then greatest(coalesce(dated.became_opportunity_at, first_deal.created_at), coalesce(dated.first_a_lead_at, dated.created_at))
    end as converted_at,
    first_deal.opportunity_id,
    dated.is_deleted,
    dated._extracted_at
from dated
left join merged as merged_contact on merged_contact.object = 'contact' and dated.contact_id = merged_contact.merged_id
left join merged as merged_company on merged_company.object = 'company' and dated.company_id = merged_company.merged_id
left join first_deal on dated.contact_id = first_deal.contact_id
left join owner_name on lower(dated.owner_word) = owner_name.word
where merged_contact.merged_id is null
    and (dated.first_a_lead_at is not null or coalesce(dated.lifecycle_stage, '') not in ('subscriber', 'evangelist', 'other'))
