-- One row per row of Salesforce's OpportunityHistory, or of a warehouse's history mode of Opportunity.
select
    {{ canonical('stage_history', [
        'opportunity_id', 'stage_label', 'amount', 'expected_close_on', 'forecast_category', '_object', '_file', '_row'
    ], {
        'change_id': 'history_id',
        'changed_at': 'entered_at',
        'is_close_date_of_today': 'true'
    }) }}
from {{ ref('stg_salesforce__opportunity_history') }}
where row_disposition = 'loaded'
