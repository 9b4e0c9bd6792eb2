"""`funnelcast init DIR`: writes a starter sales process from the extracts found."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from command.options import Landing
from funnelcast.errors import UsageError
from funnelcast.landing_place import RemoteFolder, landing_place

FILE = "sales_process.yml"


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write sales_process.yml.")],
    landing: Landing = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a sales_process.yml that is there.")] = False,
) -> None:
    """Look at a landing folder (--landing, or DIR/landing, or DIR) and write a commented starter config into DIR."""
    folder = folder.expanduser().absolute()
    found_in = _landing(landing) if landing else folder / "landing" if (folder / "landing").is_dir() else folder
    target = folder / FILE
    if not found_in.is_dir():
        raise UsageError(f"{found_in} is not a folder; expected the folder of the extracts.")
    if target.exists() and not force:
        raise UsageError(f"{target} is there already and was not changed; --force writes over it.")
    import duckdb

    from funnelcast.sales_process import load_sales_process
    from ingestion.starter.config import starter_config
    from ingestion.starter.recognition import recognise

    folder.mkdir(parents=True, exist_ok=True)
    # What is unpacked to be looked at holds people's data: it stays where the user pointed to.
    with tempfile.TemporaryDirectory(prefix=".funnelcast-init-", dir=folder) as work, duckdb.connect() as connection:
        found = recognise(found_in, connection, Path(work))
        text = starter_config(found, connection, found_in)
    target.write_text(text, encoding="utf-8")
    load_sales_process(target)
    for one in found.objects:
        print(f"{one.label}: {len(one.files):,} files")
    for name, reason in found.left_over:
        print(f"not used: {name}: {reason}")
    questions = sum(len(one.questions) for one in found.objects)
    if questions:
        print(f"{questions} questions are left in the file, marked TO SAY.")
    print(f"Wrote {target}. Read it, then: funnelcast run --config {target}")


def _landing(given: str) -> Path:
    place = landing_place(given)
    if isinstance(place, RemoteFolder):
        raise UsageError(f"init looks at a local folder; copy some extracts of {place} into one first.")
    return Path(given).expanduser().absolute()
