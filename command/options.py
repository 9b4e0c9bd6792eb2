"""The flags that several commands share. Does not belong here: what they mean (funnelcast/settings.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[Path | None, typer.Option(help="The folder that holds all a run writes. (default: data)")]
Landing = Annotated[
    str | None,
    typer.Option(help="The folder where extracts are delivered, or its URL (s3://…, sftp://…). (default: landing)"),
]
Config = Annotated[Path | None, typer.Option(help="The sales process. (default: none, canonical phases)")]
