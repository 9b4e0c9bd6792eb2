-- One row per lead and extract that said something new of it; of all systems in use.
{{ union_of_systems('lead') }}
