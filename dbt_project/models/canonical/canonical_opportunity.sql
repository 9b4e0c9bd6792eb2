-- One row per opportunity and extract that said something new of it; of all systems in use.
{{ union_of_systems('opportunity') }}
