-- One row per opportunity that the newest whole-table extract does not tell of in a readable row, and that is not known to be deleted:
-- its row was set aside, or may be among the unreadable lines. Its values stay those of an earlier extract.
-- A view: one model reads it, once.
{{ config(materialized='view') }}
with generic_opportunity as (

    select * from {{ ref('stg_generic__opportunity') }}

),

{% if uses('salesforce') -%}
salesforce_opportunity as (

    select * from {{ ref('stg_salesforce__opportunity') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_deal as (

    select * from {{ ref('stg_hubspot__deal') }}

),

{% endif -%}
opportunity as (

    select * from {{ ref('int_opportunity') }}

),

delivered as (

    select _system as source_system, opportunity_id, _extracted_at as extracted_at, row_disposition
    from generic_opportunity
    where _delivery = 'full' and not _is_superseded
    {% if uses('salesforce') -%}
    union all
    select _system, opportunity_id, _extracted_at, row_disposition
    from salesforce_opportunity
    where _delivery = 'full' and not _is_superseded
    {%- endif %}
    {% if uses('hubspot') -%}
    union all
    select _system, deal_id, _extracted_at, row_disposition
    from hubspot_deal
    where _delivery = 'full' and not _is_superseded
    {%- endif %}

),

newest_extract as (

    select source_system, max(extracted_at) as extracted_at
    from delivered
    group by source_system

),

-- A row that repeats what was known tells of the deal as well as a new one.
last_read as (

    select source_system, opportunity_id, max(extracted_at) as last_read_at
    from delivered
    where row_disposition <> 'set_aside'
    group by source_system, opportunity_id

)

select
    opportunity.source_system,
    opportunity.opportunity_id,
    last_read.last_read_at
from opportunity
inner join newest_extract on opportunity.source_system = newest_extract.source_system
inner join last_read
    on opportunity.source_system = last_read.source_system and opportunity.opportunity_id = last_read.opportunity_id
where last_read.last_read_at < newest_extract.extracted_at and opportunity.deleted_at is null
