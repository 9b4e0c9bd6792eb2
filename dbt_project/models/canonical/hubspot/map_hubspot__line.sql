-- One row per HubSpot line item of a deal, as last delivered.
select
    {{ canonical('line', ['source_system', 'opportunity_id', 'product_id', 'amount'], {'_extracted_at': 'cast(null as timestamp)'}) }}
from {{ ref('int_hubspot_line') }}
