-- One row per change in Salesforce's OpportunityFieldHistory of a deal's stage, amount, close date or owner.
-- Salesforce has two rows for each change of owner: by the users' names, which may be anybody's, and by their ids.
select
    {{ canonical('field_change', [
        'change_id', 'opportunity_id', 'changed_at', 'old_amount', 'new_amount', 'old_day', 'new_day', '_object', '_file', '_row'
    ], {
        'field': "case field when 'stagename' then 'stage' when 'closedate' then 'expected_close' else field end",
        'old_value': "case when field = 'owner' then " ~ salesforce_id('old_value') ~ ' else old_value end',
        'new_value': "case when field = 'owner' then " ~ salesforce_id('new_value') ~ ' else new_value end'
    }) }}
from {{ ref('stg_salesforce__opportunity_field_history') }}
where row_disposition = 'loaded' and not is_deleted
    and (field in ('stagename', 'amount', 'closedate') or (field = 'owner' and new_value like '005%'))
