-- One row per delivered row of an opportunity, account, lead, contact or user: what no published column holds of it; of all systems in use.
{{ union_of_systems('extra') }}
