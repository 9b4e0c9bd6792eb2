-- One row per delivered row of an extract of all opportunities, whatever became of it; of all systems in use.
{{ union_of_systems('opportunity_row') }}
