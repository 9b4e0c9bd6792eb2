-- One row per person to whom an Instantly campaign writes, and extract that said something new of them. Nobody owns them: to load a list of
-- addresses is no work on a lead.
select
    {{ canonical('lead', ['lead_id', 'name', 'email', 'title', 'company', 'status', 'created_at', 'campaign_id', 'domain'], {
        'source': "'Instantly'",
        'is_deleted': 'false'
    }) }}
from {{ ref('stg_instantly__lead') }}
where row_disposition = 'loaded'
