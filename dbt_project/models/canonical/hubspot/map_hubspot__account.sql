-- One row per HubSpot company and extract that said something new of it. One that was merged into another is deleted.
with company as (

    select * from {{ ref('stg_hubspot__company') }} where row_disposition = 'loaded'

),

merged as (

    select * from {{ ref('int_hubspot_merge') }} where object = 'company'

)

select
    {{ canonical('account', ['name', 'domain', 'industry', 'employees', 'country', 'created_at', 'extra'], {
        'account_id': 'company_id',
        'is_deleted': 'is_deleted or merged.merged_id is not null'
    }) }}
from company
left join merged on company.company_id = merged.merged_id
