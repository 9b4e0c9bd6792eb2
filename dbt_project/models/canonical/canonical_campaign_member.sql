-- One row per lead or contact in a campaign, as last delivered; of all systems in use.
{{ union_of_systems('campaign_member') }}
