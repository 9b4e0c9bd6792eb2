-- One row per HubSpot engagement that is linked to a deal, contact or company: of several the one with the lowest id; of those merged
-- away, the one that lives on.
{% set things = [('deal', 'deal_id'), ('contact', 'contact_id'), ('company', 'company_id')] -%}
with engagement_deal as (

    select * from {{ ref('stg_hubspot__engagement_deal') }}

),

engagement_contact as (

    select * from {{ ref('stg_hubspot__engagement_contact') }}

),

engagement_company as (

    select * from {{ ref('stg_hubspot__engagement_company') }}

),

merged as (

    select * from {{ ref('int_hubspot_merge') }}

),

{% for thing, id in things -%}
{{ thing }}_now as (

    {{ holding_now('engagement_' ~ thing, ['engagement_id', id, 'type_id']) }}

),

{{ thing }}_link as (

    select link.engagement_id, coalesce(merged.survivor_id, link.{{ id }}) as {{ id }}
    from {{ thing }}_now as link
    left join merged on merged.object = '{{ thing }}' and link.{{ id }} = merged.merged_id
    qualify row_number() over (partition by link.engagement_id order by length(link.{{ id }}), link.{{ id }}) = 1

),

{% endfor -%}
linked as (

    {% for thing, id in things -%}
    select engagement_id from {{ thing }}_link
    {{ 'union' if not loop.last }}
    {% endfor %}
)

select
    linked.engagement_id,
    deal_link.deal_id,
    contact_link.contact_id,
    company_link.company_id
from linked
left join deal_link on linked.engagement_id = deal_link.engagement_id
left join contact_link on linked.engagement_id = contact_link.engagement_id
left join company_link on linked.engagement_id = company_link.engagement_id
