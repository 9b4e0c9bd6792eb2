-- One row per HubSpot contact that is or was a lead, and extract that said something new of it.
select
    {{ canonical('lead', [
        'source_system', 'lead_id', 'account_id', 'owner_id', 'name', 'email', 'title', 'company', 'industry', 'employees', 'country', 'source', 'status', 'created_at',
        'qualified_at', 'converted_at', 'opportunity_id', 'is_deleted'
    ]) }}
from {{ ref('int_hubspot_lead') }}
