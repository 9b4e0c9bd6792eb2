"""Which systems a company uses: one that it does not use has no models, and so costs nothing.

Belongs here: that one question. Does not belong here: what a system delivers (systems/).
"""

from __future__ import annotations

from pathlib import Path

from funnelcast.sales_process import SalesProcess
from ingestion.systems import SYSTEMS

# The contract that every other system is mapped to; its tables are always there.
ALWAYS = "generic"


def systems_in_use(process: SalesProcess, *folders: Path) -> tuple[str, ...]:
    """The systems that have a folder in one of ``folders`` (the raw store, the landing), or that the config names; sorted."""
    delivered = {name for name in SYSTEMS for folder in folders if (folder / name).is_dir()}
    configured = {key.split(".")[0] for key in process.objects if "." in key}
    return tuple(sorted({ALWAYS, *delivered, *(configured & set(SYSTEMS))}))
