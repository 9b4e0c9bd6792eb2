"""The only importer of Dagster: thin wrappers that give ingestion, dbt, the gate and publishing their order."""
