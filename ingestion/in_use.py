"""Which systems a company uses: one that it does not use has no models, and so costs nothing.

Belongs here: that one question. Does not belong here: what a system delivers (systems/).
"""

from __future__ import annotations

from pathlib import Path

from funnelcast.landing_place import RemoteFolder
from funnelcast.sales_process import SalesProcess
from ingestion.places import place_of
from ingestion.systems import SYSTEMS

# The contract that every other system is mapped to; its tables are always there.
ALWAYS = "generic"


def systems_in_use(process: SalesProcess, *folders: Path | RemoteFolder) -> tuple[str, ...]:
    """The systems that have a folder in one of ``folders`` (the raw store, the landing), or that the config names; sorted."""
    delivered = {name for folder in folders for name in SYSTEMS if name in _folders_in(folder)}
    configured = {key.split(".")[0] for key in process.objects if "." in key}
    return tuple(sorted({ALWAYS, *delivered, *(configured & set(SYSTEMS))}))


def _folders_in(folder: Path | RemoteFolder) -> set[str]:
    if isinstance(folder, RemoteFolder):
        return {found.relative.split("/")[0] for found in place_of(folder).files()}
    return {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
