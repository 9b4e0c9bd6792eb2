-- One row per label and extract of Salesforce's OpportunityStage. Without Ids, a label is all that a stage is known by.
-- A label that came back is said anew by a repeated row.
select
    {{ canonical('crm_stage', ['stage_label', 'is_closed', 'is_won', 'sort_order', 'default_probability'], {
        'stage_id': 'coalesce(stage_id, lower(stage_label))',
        'place': "case when row_disposition = 'loaded' then 0 else 1 end"
    }) }}
from {{ ref('stg_salesforce__opportunity_stage') }}
where row_disposition in ('loaded', 'duplicate')
