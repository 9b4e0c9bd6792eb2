"""The names of what is published, below a release's folder.

Belongs here: file names that more than one module needs. Does not belong here: paths below home
(funnelcast.settings).
"""

SCHEMA = "marts"
# The schema in which a database opens: what a person types `show tables` or `from fct_velocity` in, and a tool shows first.
VIEWS = "main"
# DuckDB calls a database after its file. One called `marts` made `marts.fct_velocity` ambiguous, which is what BI tools write.
DATABASE = "funnelcast.duckdb"
PARQUET = "parquet"
CERTIFICATE = "certificate.json"

# Tables about the run rather than about the business: their content differs between runs of the same data.
RUN_TABLE_PREFIX = "ops_"
