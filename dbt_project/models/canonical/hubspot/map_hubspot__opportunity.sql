-- One row per HubSpot deal and extract that said something new of it.
select
    {{ canonical('opportunity', [
        'source_system', 'opportunity_id', 'stage_label', 'pipeline_label', 'created_at', 'name', 'account_id', 'owner_id', 'amount', 'currency',
        'opportunity_type', 'probability', 'next_step', 'source', 'segment', 'forecast_category', 'expected_close_on', 'closed_at',
        'lost_reason', 'lead_id', 'is_deleted', 'updated_at', 'extra'
    ]) }}
from {{ ref('int_hubspot_deal') }}
