-- One row per product line of a deal, as last delivered; of all systems in use.
{{ union_of_systems('line') }}
