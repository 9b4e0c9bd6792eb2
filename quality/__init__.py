"""The gate: what must hold of a build before anyone reads it, and the verdict on it.

Belongs here: checks, thresholds, verdicts, digests and the process that runs them.
Does not belong here: making tables (dbt_project/), publishing them (publishing/), deciding when
(orchestration/).
"""
