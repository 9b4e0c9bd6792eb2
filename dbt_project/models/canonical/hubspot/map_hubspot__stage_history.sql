-- One row per change of a deal that one of HubSpot's two histories delivers.
-- HubSpot keeps no history of the close date unless asked to: then what was expected then is not known.
select
    {{ canonical('stage_history', [
        'source_system', 'opportunity_id', 'pipeline', 'stage_label', 'changed_at', 'amount', 'expected_close_on', 'owner_id', '_object', '_file', '_row'
    ], {
        'is_close_date_of_today': 'false',
        '_extracted_at': 'cast(null as timestamp)'
    }) }}
from {{ ref('int_hubspot_deal_history') }}
