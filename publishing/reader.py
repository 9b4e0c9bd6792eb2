"""Opening what is published, for analysts and for the summary.

Belongs here: a connection that reads one whole release for as long as it is held.
Does not belong here: what is asked of it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from publishing.errors import NothingPublished
from publishing.layout import DATABASE, SCHEMA, VIEWS


def open_published(home: Path) -> duckdb.DuckDBPyConnection:
    """Open the published database read only, its tables found by their bare names.

    The connection is to the release that is published now. It keeps reading that one, whole, when another
    takes its place and when the old one is removed.
    """
    return open_release(published_release(home))


def published_release(home: Path) -> Path:
    """The folder of the release that is published now. Raises `NothingPublished` if there is none."""
    published = home / "published"
    # The link is followed once, here, so that all that is read afterwards comes from one release.
    release = published.resolve()
    if not (release / DATABASE).is_file():
        lost = f"its {DATABASE} is missing" if release.is_dir() else f"{published} leads nowhere"
        raise NothingPublished(f"Nothing is published: {lost}; run `funnelcast run --home {home}` first.")
    return release


def open_release(release: Path) -> duckdb.DuckDBPyConnection:
    """Open one release's database, as `open_published` does."""
    connection = duckdb.connect(config={"temp_directory": str(Path(tempfile.gettempdir()) / "funnelcast")})
    connection.execute("attach ? as funnelcast (read_only)", [str(release / DATABASE)])
    connection.execute(f"use funnelcast.{VIEWS if _has_views(connection) else SCHEMA}")
    return connection


def _has_views(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the tables are found in the schema in which a database opens: not so in releases of before November 28, 2026."""
    return bool(connection.execute("select 1 from duckdb_views() where not internal limit 1").fetchall())
