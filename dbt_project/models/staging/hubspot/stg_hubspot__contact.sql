-- One row per delivered row of HubSpot's contacts: renamed, cast, and told what became of it.
with delivered as (

    select * from {{ source('hubspot', 'contact') }}

),

run as (

    select timezone from {{ source('config', 'run') }}

),

typed as (

    select
        {{ text('id') }} as contact_id,
        {{ address('email') }} as email,
        nullif(trim(concat_ws(' ', {{ text('firstname') }}, {{ text('lastname') }})), '') as name,
        {{ text('jobtitle') }} as title,
        {{ text('company') }} as company,
        {{ text('industry') }} as industry,
        {{ plain_number('numberofemployees', 'bigint') }} as employees,
        {{ text('country') }} as country,
        {{ text('hs_analytics_source') }} as source,
        {{ text('hubspot_owner_id') }} as owner_word,
        {{ text('hs_lead_status') }} as lead_status,
        lower({{ text('lifecyclestage') }}) as lifecycle_stage,
        {{ text('associatedcompanyid') }} as company_id,
        {{ moment('createdate') }} as created_at,
        {{ moment('hs_lifecyclestage_lead_date') }} as became_lead_at,
        {{ moment('hs_lifecyclestage_marketingqualifiedlead_date') }} as became_marketing_qualified_at,
        {{ moment('hs_lifecyclestage_salesqualifiedlead_date') }} as became_sales_qualified_at,
        {{ moment('hs_lifecyclestage_opportunity_date') }} as became_opportunity_at,
        {{ moment('hs_lifecyclestage_customer_date') }} as became_customer_at,
        {{ text('hs_merged_object_ids') }} as merged_ids,
        {{ moment('hs_lastmodifieddate') }} as updated_at,
        {{ any_flag('is_deleted', '_fivetran_deleted', 'archived') }} as is_deleted,
        _extra as extra,
        {{ delivery_columns() }},
        {{ problem([
            required('id'),
            required('createdate'),
            readable_moment('createdate'),
            not_after_extract('createdate'),
            readable_moment('hs_lifecyclestage_lead_date'),
            readable_moment('hs_lifecyclestage_marketingqualifiedlead_date'),
            readable_moment('hs_lifecyclestage_salesqualifiedlead_date'),
            readable_moment('hs_lifecyclestage_opportunity_date'),
            readable_moment('hs_lifecyclestage_customer_date'),
            readable_number('numberofemployees', 'bigint')
        ]) }}
    from delivered
    cross join run

),

{{ disposed_rows(
    columns=['contact_id', 'email', 'name', 'title', 'company', 'industry', 'employees', 'country', 'source', 'owner_word', 'lead_status', 'lifecycle_stage', 'company_id', 'created_at', 'became_lead_at', 'became_marketing_qualified_at', 'became_sales_qualified_at', 'became_opportunity_at', 'became_customer_at', 'merged_ids', 'updated_at', 'is_deleted', 'extra'],
    key=['contact_id'], newest_by='updated_at'
) }}
