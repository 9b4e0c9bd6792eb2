"""What every layer stands on: the settings, the sales process's shape, files written whole, errors; and `open()` for analysts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from funnelcast.version import __version__

if TYPE_CHECKING:
    import duckdb

__all__ = ["__version__", "open"]


def open(home: str | Path = "data") -> duckdb.DuckDBPyConnection:  # noqa: A001 - `funnelcast.open()` is the word analysts expect
    """Open what is published under ``home``, read only, with the marts in the search path.

    The connection keeps reading one whole release, even while a later run publishes the next.
    Raises `FunnelcastError` when nothing is published there.
    """
    from publishing.reader import open_published

    return open_published(Path(home))
