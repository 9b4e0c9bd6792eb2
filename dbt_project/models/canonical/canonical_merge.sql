-- One row per record and extract: the record that its CRM has merged it into, if any; of all systems in use.
{{ union_of_systems('merge') }}
