"""What people read: the bundle of tables, its certificate, and the one step that puts it in the place of the
last.

Belongs here: everything that happens to a build after the gate, and everything a reader opens.
Does not belong here: deciding whether a build is good (quality/), or when it is published (orchestration/).
Nothing is imported here, so that a run with nothing new can ask `publishing.integrity` without loading
DuckDB.
"""
