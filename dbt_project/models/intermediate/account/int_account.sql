-- One row per account, as last delivered.
with generic_account as (

    select * from {{ ref('stg_generic__account') }}

),

{% if uses('salesforce') -%}
salesforce_account as (

    select * from {{ ref('stg_salesforce__account') }}

),

{% endif -%}
{% if uses('hubspot') -%}
hubspot_company as (

    select * from {{ ref('stg_hubspot__company') }}

),

hubspot_merge as (

    select * from {{ ref('int_hubspot_merge') }}

),

{% endif -%}
delivered as (

    select
        _system as source_system, account_id, name, domain, industry, employees, country, created_at, false as is_deleted, extra,
        _extracted_at
    from generic_account
    where row_disposition = 'loaded'

    {% if uses('salesforce') -%}
    union all

    select _system, account_id, name, domain, industry, employees, country, created_at, is_deleted, extra, _extracted_at
    from salesforce_account
    where row_disposition = 'loaded'
    {%- endif %}

    {% if uses('hubspot') -%}
    union all

    select
        _system, company_id, name, domain, industry, employees, country, created_at, is_deleted or hubspot_merge.merged_id is not null,
        cast(null as varchar), _extracted_at
    from hubspot_company
    left join hubspot_merge on hubspot_merge.object = 'company' and hubspot_company.company_id = hubspot_merge.merged_id
    where row_disposition = 'loaded'
    {%- endif %}

)

select
    source_system,
    account_id,
    name,
    domain,
    industry,
    employees,
    country,
    created_at,
    extra,
    is_deleted
from delivered
qualify row_number() over (partition by source_system, account_id order by _extracted_at desc) = 1
