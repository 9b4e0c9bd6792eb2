-- One row per change of one field of a deal that a CRM's history of fields delivers; of all systems in use.
{{ union_of_systems('field_change') }}
