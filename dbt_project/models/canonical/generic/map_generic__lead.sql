-- One row per lead of the generic extracts and extract that said something new of it.
select
    {{ canonical('lead', [
        'lead_id', 'account_id', 'owner_id', 'name', 'email', 'title', 'company', 'industry', 'employees', 'country', 'source', 'status', 'created_at',
        'qualified_at', 'converted_at', 'opportunity_id', 'extra'
    ], {'is_deleted': 'false'}) }}
from {{ ref('stg_generic__lead') }}
where row_disposition = 'loaded'
