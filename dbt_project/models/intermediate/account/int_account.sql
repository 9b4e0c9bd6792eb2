-- One row per account, as last delivered. Accounts that were merged into another are deleted, and know which.
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
record_merge as (

    select * from {{ ref('int_record_merge') }} where object = 'account'

),

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

),

newest as (

    select *
    from delivered
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
