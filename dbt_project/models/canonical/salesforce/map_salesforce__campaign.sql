-- One row per Salesforce Campaign, as last delivered.
with newest_campaign as (

    {{ newest_telling(ref('stg_salesforce__campaign'), ['campaign_id']) }}

)

select
    {{ canonical('campaign', ['campaign_id', 'name']) }}
from newest_campaign
