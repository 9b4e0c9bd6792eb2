-- One row per lead, as last delivered, with the motion that its source belongs to and the first campaign that it was in.
-- Leads that were merged into another are deleted, and know which.
with generic_lead as (

    select * from {{ ref('stg_generic__lead') }}

),

{% set is_before -%}
    case when newest.converted_at is not null then delivered._extracted_at < newest.converted_at else delivered.opportunity_id is null end
{%- endset -%}
{% if uses('salesforce') -%}
salesforce_lead as (

    select * from {{ ref('stg_salesforce__lead') }}

),

salesforce_campaign as (

    select * from {{ ref('stg_salesforce__campaign') }}

),

salesforce_campaign_member as (

    select * from {{ ref('stg_salesforce__campaign_member') }}

),

contact as (

    select * from {{ ref('int_contact') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_lead as (

    select * from {{ ref('int_hubspot_lead') }}

),

{% endif -%}
{% if uses('instantly') -%}
instantly_lead as (

    select * from {{ ref('stg_instantly__lead') }}

),

instantly_campaign as (

    select * from {{ ref('stg_instantly__campaign') }}

),

{% endif -%}
record_merge as (

    select * from {{ ref('int_record_merge') }}

),

motion as (

    select * from {{ source('config', 'motion') }}

),

delivered as (

    select
        _system as source_system, lead_id, account_id, owner_id, name, email, title, company, industry, employees, country, source, status,
        created_at, qualified_at, converted_at, opportunity_id, false as is_deleted,
        cast(null as varchar) as contact_id, cast(null as varchar) as campaign_id, cast(null as varchar) as domain, extra, _extracted_at
    from generic_lead
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    select
        _system, lead_id, account_id, owner_id, name, email, title, company, industry, employees, country, source, status,
        created_at, cast(null as timestamp), converted_at, opportunity_id, is_deleted,
        contact_id, cast(null as varchar), cast(null as varchar), extra, _extracted_at
    from salesforce_lead
    where row_disposition = 'loaded'
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        source_system, lead_id, account_id, owner_id, name, email, title, company, industry, employees, country, source, status,
        created_at, qualified_at, converted_at, opportunity_id, is_deleted, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), cast(null as varchar), _extracted_at
    from hubspot_lead
    {%- endif %}

    {% if uses('instantly') -%}
    union all

    -- A person to whom a campaign writes. Nobody owns them: to load a list of addresses is no work on a lead.
    select
        _system, lead_id, cast(null as varchar), cast(null as varchar), name, email, title, company, cast(null as varchar),
        cast(null as bigint), cast(null as varchar), 'Instantly', status, created_at, cast(null as timestamp),
        cast(null as timestamp), cast(null as varchar), false, cast(null as varchar), campaign_id, domain, cast(null as varchar), _extracted_at
    from instantly_lead
    where row_disposition = 'loaded'
    {%- endif %}

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

campaign_name as (

    select cast(null as varchar) as source_system, cast(null as varchar) as campaign_id, cast(null as varchar) as name where false

    {% if uses('salesforce') -%}
    union all

    select _system, campaign_id, name
    from salesforce_campaign
    where row_disposition = 'loaded'
    qualify row_number() over (partition by campaign_id order by _extracted_at desc) = 1
    {%- endif %}

    {% if uses('instantly') -%}
    union all

    select _system, campaign_id, name
    from instantly_campaign
    where row_disposition = 'loaded'
    qualify row_number() over (partition by campaign_id order by _extracted_at desc) = 1
    {%- endif %}

),

membership as (

    select
        cast(null as varchar) as source_system, cast(null as varchar) as lead_id, cast(null as varchar) as campaign_id,
        cast(null as timestamp) as created_at
    where false

    {% if uses('salesforce') -%}
    union all

    -- After its conversion a lead's memberships are its contact's; and those of a merged lead are the other's.
    select
        member._system, coalesce(lead_merge.survivor_id, member.lead_id, contact.lead_id), member.campaign_id, member.created_at
    from (
        select *
        from salesforce_campaign_member
        where row_disposition = 'loaded'
        qualify row_number() over (partition by member_id order by _extracted_at desc) = 1
    ) as member
    left join record_merge as lead_merge
        on member._system = lead_merge.source_system and lead_merge.object = 'lead' and member.lead_id = lead_merge.record_id
    left join record_merge as contact_merge
        on member._system = contact_merge.source_system and contact_merge.object = 'contact'
        and member.contact_id = contact_merge.record_id
    left join contact
        on member._system = contact.source_system
        and coalesce(contact_merge.survivor_id, member.contact_id) = contact.contact_id
    where not member.is_deleted
    {%- endif %}

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
    coalesce(campaign_name.name, newest.campaign_id, first_campaign.campaign_id) as campaign,
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
left join campaign_name
    on newest.source_system = campaign_name.source_system
    and coalesce(newest.campaign_id, first_campaign.campaign_id) = campaign_name.campaign_id
