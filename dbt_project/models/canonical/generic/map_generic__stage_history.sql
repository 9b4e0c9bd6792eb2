-- One row per change of stage that the generic extracts deliver.
select
    {{ canonical('stage_history', ['opportunity_id', 'stage_label', 'amount', 'expected_close_on', 'owner_id', '_object', '_file', '_row'], {
        'changed_at': 'entered_at',
        'is_close_date_of_today': 'true'
    }) }}
from {{ ref('stg_generic__stage_history') }}
where row_disposition = 'loaded'
