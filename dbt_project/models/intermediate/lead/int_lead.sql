-- One row per lead, as last delivered, with the motion that its source belongs to and the first campaign that it was in.
-- Leads that were merged into another are deleted, and know which.
{% set is_before -%}
    case when newest.converted_at is not null then delivered._extracted_at < newest.converted_at else delivered.opportunity_id is null end
{%- endset -%}
with delivered as (

    select * from {{ ref('canonical_lead') }}

),

campaign as (

    select * from {{ ref('canonical_campaign') }}

),

campaign_member as (

    select * from {{ ref('canonical_campaign_member') }}

),

contact as (

    select * from {{ ref('int_contact') }}

),

record_merge as (

    select * from {{ ref('int_record_merge') }}

),

motion as (

    select * from {{ source('config', 'motion') }}

),

newest as (

    select *
    from delivered
    qualify row_number() over (partition by source_system, lead_id order by _extracted_at desc) = 1

),

-- What was known of it before it became anything: the last version from before its conversion; where the first one is from after it, that one.
-- Conversion fills in a lead, and gives it an account: who judges leads by what came of them must not look at what came with it.
before_conversion as (

    select
        delivered.source_system, delivered.lead_id, delivered.industry, delivered.employees, delivered.country, delivered.source,
        delivered.title, delivered.extra
    from delivered
    inner join newest on delivered.source_system = newest.source_system and delivered.lead_id = newest.lead_id
    qualify row_number() over (
        partition by delivered.source_system, delivered.lead_id
        order by
            case when {{ is_before }} then 0 else 1 end,
            case when {{ is_before }} then delivered._extracted_at end desc nulls last,
            delivered._extracted_at
    ) = 1

),

-- After its conversion a lead's memberships are its contact's; and those of a merged lead are the other's.
membership as (

    select
        campaign_member.source_system, coalesce(lead_merge.survivor_id, campaign_member.lead_id, contact.lead_id) as lead_id,
        campaign_member.campaign_id, campaign_member.created_at
    from campaign_member
    left join record_merge as lead_merge
        on campaign_member.source_system = lead_merge.source_system and lead_merge.object = 'lead'
        and campaign_member.lead_id = lead_merge.record_id
    left join record_merge as contact_merge
        on campaign_member.source_system = contact_merge.source_system and contact_merge.object = 'contact'
        and campaign_member.contact_id = contact_merge.record_id
    left join contact
        on campaign_member.source_system = contact.source_system
        and coalesce(contact_merge.survivor_id, campaign_member.contact_id) = contact.contact_id

),

first_campaign as (

    select source_system, lead_id, campaign_id
    from membership
    where lead_id is not null
    qualify row_number() over (partition by source_system, lead_id order by created_at nulls last, campaign_id) = 1

)

select
    newest.source_system,
    newest.lead_id,
    coalesce(account_merge.survivor_id, newest.account_id) as account_id,
    newest.owner_id,
    newest.name,
    newest.email,
    newest.title,
    newest.company,
    newest.industry,
    newest.employees,
    newest.country,
    newest.source,
    motion.motion,
    newest.status,
    newest.created_at,
    newest.qualified_at,
    newest.converted_at,
    newest.opportunity_id,
    newest.contact_id,
    newest.domain,
    newest.extra,
    coalesce(campaign.name, newest.campaign_id, first_campaign.campaign_id) as campaign,
    newest.is_deleted or lead_merge.survivor_id is not null as is_deleted,
    lead_merge.survivor_id as merged_into,
    before_conversion.industry as industry_before,
    before_conversion.employees as employees_before,
    before_conversion.country as country_before,
    before_conversion.source as source_before,
    before_conversion.title as title_before,
    before_conversion.extra as extra_before
from newest
inner join before_conversion
    on newest.source_system = before_conversion.source_system and newest.lead_id = before_conversion.lead_id
left join motion on lower(newest.source) = lower(motion.source)
left join record_merge as lead_merge
    on newest.source_system = lead_merge.source_system and lead_merge.object = 'lead' and newest.lead_id = lead_merge.record_id
left join record_merge as account_merge
    on newest.source_system = account_merge.source_system and account_merge.object = 'account'
    and newest.account_id = account_merge.record_id
left join first_campaign on newest.source_system = first_campaign.source_system and newest.lead_id = first_campaign.lead_id
left join campaign
    on newest.source_system = campaign.source_system
    and coalesce(newest.campaign_id, first_campaign.campaign_id) = campaign.campaign_id
