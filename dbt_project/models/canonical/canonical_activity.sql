-- One row per activity that a system says was done or took place: call, meeting, task or logged e-mail, as last delivered; of all systems in use.
{{ union_of_systems('activity') }}
