-- One row per Salesforce CampaignMember that is not deleted, as last delivered.
with newest_member as (

    {{ newest_telling(ref('stg_salesforce__campaign_member'), ['member_id']) }}

)

select
    {{ canonical('campaign_member', ['lead_id', 'contact_id', 'campaign_id', 'created_at']) }}
from newest_member
where not is_deleted
