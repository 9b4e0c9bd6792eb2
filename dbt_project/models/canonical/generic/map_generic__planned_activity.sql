-- One row per activity of the generic extracts and extract that said something new of it; a plan where it lay ahead of the extract.
select
    {{ canonical('planned_activity', ['activity_id', 'opportunity_id'], {
        'object': "'activity'",
        'planned_at': 'occurred_at',
        'is_plan': 'occurred_at >= ' ~ dbt.dateadd('day', 1, '_extracted_at'),
        'is_still_on': 'true'
    }) }}
from {{ ref('stg_generic__activity') }}
where row_disposition = 'loaded'
