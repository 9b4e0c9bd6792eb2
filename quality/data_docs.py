"""The pages a person opens when the gate is red.

Belongs here: what Great Expectations' Data Docs site holds, and what is taken out of it.
Does not belong here: the results (validation.py).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

# The logo is fetched from the vendor's server with a time stamp whenever a page is opened: a tracking pixel.
REMOTE_ASSETS = re.compile(r"https://great-expectations-web-assets\.s3[^\"')]*")
NO_IMAGE = "data:,"


def site_config(docs_dir: Path) -> dict[str, Any]:
    """A site of results only: pages about expectations alone say the same again, for as much time."""
    shutil.rmtree(docs_dir, ignore_errors=True)
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs_dir)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"expectations": "None", "profiling": "None"},
    }


def without_remote_images(docs_dir: Path) -> None:
    """Take out of every page what would tell the vendor that it was opened."""
    for page in docs_dir.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(REMOTE_ASSETS.sub(NO_IMAGE, text), encoding="utf-8")
