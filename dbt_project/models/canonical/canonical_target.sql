-- One row per target in force, as last delivered, from the hand-kept sheet or the CRM's quotas; of all systems in use.
{{ union_of_systems('target') }}
