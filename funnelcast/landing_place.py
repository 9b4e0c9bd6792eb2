"""A landing elsewhere than in a local folder, as the settings name it.

Belongs here: the URL, and how it is shown. Does not belong here: reaching it (ingestion/places.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


@dataclass(frozen=True)
class RemoteFolder:
    """A folder behind an fsspec URL. It is shown without user names, passwords and queries, which may be secrets."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")

    @property
    def protocol(self) -> str:
        return urlsplit(self.url).scheme.lower()


def landing_place(value: object) -> object:
    """Tell a URL from a path, in whichever setting it stands; anything else is left for the setting to judge."""
    if isinstance(value, RemoteFolder | Path) or not isinstance(value, str) or "://" not in value:
        return value
    if value.lower().startswith("file://"):
        return Path(url2pathname(urlsplit(value).path))
    return RemoteFolder(value)
