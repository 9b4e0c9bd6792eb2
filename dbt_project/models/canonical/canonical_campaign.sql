-- One row per campaign, as last delivered; of all systems in use.
{{ union_of_systems('campaign') }}
