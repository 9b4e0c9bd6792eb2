-- One row per address and campaign that Instantly lists: the lead, as last delivered.
select lead_id, email, campaign_id
from {{ ref('stg_instantly__lead') }}
where row_disposition = 'loaded'
qualify row_number() over (partition by email, campaign_id order by _extracted_at desc, lead_id) = 1
