-- One row per Salesforce Lead and extract that said something new of it.
select
    {{ canonical('lead', [
        'lead_id', 'account_id', 'owner_id', 'name', 'email', 'title', 'company', 'industry', 'employees', 'country', 'source', 'status', 'created_at',
        'converted_at', 'opportunity_id', 'is_deleted', 'contact_id', 'extra'
    ]) }}
from {{ ref('stg_salesforce__lead') }}
where row_disposition = 'loaded'
