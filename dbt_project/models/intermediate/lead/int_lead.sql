-- One row per lead, as last delivered, with the motion that its source belongs to.
with generic_lead as (

    select * from {{ ref('stg_generic__lead') }}

),

{% if uses('salesforce') -%}
salesforce_lead as (

    select * from {{ ref('stg_salesforce__lead') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_lead as (

    select * from {{ ref('int_hubspot_lead') }}

),

{% endif -%}
motion as (

    select * from {{ source('config', 'motion') }}

),

delivered as (

    select
        _system as source_system, lead_id, account_id, owner_id, email, title, company, industry, employees, country, source, status,
        created_at, qualified_at, converted_at, opportunity_id, cast(null as varchar) as contact_id, false as is_deleted,
        extra, _extracted_at
    from generic_lead
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    select
        _system, lead_id, account_id, owner_id, email, title, company, industry, employees, country, source, status,
        created_at, cast(null as timestamp), converted_at, opportunity_id, contact_id, is_deleted, extra, _extracted_at
    from salesforce_lead
    where row_disposition = 'loaded'
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        source_system, lead_id, account_id, owner_id, email, title, company, industry, employees, country, source, status,
        created_at, qualified_at, converted_at, opportunity_id, cast(null as varchar), is_deleted, cast(null as varchar), _extracted_at
    from hubspot_lead
    {%- endif %}

),

newest as (

    select *
    from delivered
    qualify row_number() over (partition by source_system, lead_id order by _extracted_at desc) = 1

)

select
    newest.source_system,
    newest.lead_id,
    newest.account_id,
    newest.owner_id,
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
    -- The contact that the lead became: the same person.
    newest.contact_id,
    newest.extra,
    newest.is_deleted
from newest
left join motion on lower(newest.source) = lower(motion.source)
