-- One row per Salesforce Task or Event and extract that said something new of it: a plan while a task is not done, or an event lies ahead.
select
    {{ canonical('planned_activity', ['activity_id'], {
        'object': "'task'",
        'opportunity_id': "case when what_id like '006%' then what_id end",
        'planned_at': 'occurred_at',
        'is_plan': 'not is_done',
        'is_still_on': 'not is_done and not is_deleted'
    }) }}
from {{ ref('stg_salesforce__task') }}
where row_disposition = 'loaded'

union all

select
    {{ canonical('planned_activity', ['activity_id'], {
        'object': "'event'",
        'opportunity_id': "case when what_id like '006%' then what_id end",
        'planned_at': 'occurred_at',
        'is_plan': 'occurred_at >= ' ~ dbt.dateadd('day', 1, '_extracted_at'),
        'is_still_on': 'not is_deleted'
    }) }}
from {{ ref('stg_salesforce__event') }}
where row_disposition = 'loaded'
