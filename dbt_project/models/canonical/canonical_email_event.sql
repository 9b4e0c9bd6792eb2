-- One row per e-mail event and list of a system that says it; of all systems in use.
{{ union_of_systems('email_event') }}
