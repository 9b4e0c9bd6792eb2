-- One row per label and extract of the CRM's own table of stages; of all systems in use.
{{ union_of_systems('crm_stage') }}
