-- One row per user and extract that said something new of them; of all systems in use.
{{ union_of_systems('user') }}
