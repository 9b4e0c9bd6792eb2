-- One row per Salesforce Contact and extract that said something new of it.
select
    {{ canonical('contact', ['contact_id', 'account_id', 'email', 'created_at', 'is_deleted']) }}
from {{ ref('stg_salesforce__contact') }}
where row_disposition = 'loaded'
