"""The names of what is published, below a release's folder.

Belongs here: file names that more than one module needs. Does not belong here: paths below home
(funnelcast.settings).
"""

SCHEMA = "marts"
DATABASE = "marts.duckdb"
PARQUET = "parquet"
CERTIFICATE = "certificate.json"
# A second name of the same file. DuckDB calls a database after its file, and in one called `marts` the
# reference `marts.fct_velocity`, which is what BI tools write, is refused as ambiguous: a database or a
# schema? Opened under this name it works. A hard link, because DuckDB 2.0 looks through a symbolic one and
# sees `marts` again.
DATABASE_FOR_TOOLS = "funnelcast.duckdb"

# Tables about the run rather than about the business: their content differs between runs of the same data.
RUN_TABLE_PREFIX = "ops_"
