-- One row per Salesforce Opportunity and extract that said something new of it.
-- Salesforce has one close date: the expected one while the deal is open, the actual one afterwards.
with opportunity as (

    select * from {{ ref('stg_salesforce__opportunity') }} where row_disposition = 'loaded'

),

run as (

    select timezone from {{ source('config', 'run') }}

)

select
    {{ canonical('opportunity', [
        'opportunity_id', 'stage_label', 'pipeline_label', 'created_at', 'name', 'account_id', 'owner_id', 'amount', 'currency',
        'opportunity_type', 'probability', 'next_step', 'source', 'segment', 'forecast_category', 'lost_reason', 'is_deleted', 'updated_at',
        'extra'
    ], {
        'expected_close_on': 'close_on',
        'closed_at': utc_time(dbt.cast('close_on', 'timestamp'), 'run.timezone')
    }) }}
from opportunity
cross join run
