-- One row per Salesforce Account and extract that said something new of it.
select
    {{ canonical('account', [
        'account_id', 'name', 'domain', 'industry', 'employees', 'country', 'created_at', 'is_deleted', 'extra'
    ]) }}
from {{ ref('stg_salesforce__account') }}
where row_disposition = 'loaded'
