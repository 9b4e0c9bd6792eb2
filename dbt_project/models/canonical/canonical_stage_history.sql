-- One row per change of a deal that a CRM's own history of its stages delivers; of all systems in use.
{{ union_of_systems('stage_history') }}
