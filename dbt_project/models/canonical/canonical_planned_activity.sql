-- One row per activity and extract that said something new of it; whether it was a plan then; of all systems in use.
{{ union_of_systems('planned_activity') }}
