"""`funnelcast forget EMAIL`: says what was erased, what was searched, and what lies outside of home.

Does not belong here: erasing (erasure/forget.py).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from command.options import Config, Home, Landing
from funnelcast.settings import load_settings

if TYPE_CHECKING:
    from erasure.forget import Forgotten


def forget(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    home: Home = None,
    landing: Landing = None,
    config: Config = None,
    shared: Annotated[bool, typer.Option("--shared", help="Also where many people share the address.")] = False,
) -> None:
    """Erase a person from everything below home, publish again, and prove it by a search. 2: nothing holds the address."""
    settings = load_settings(home=home, landing=landing, config=config)
    from erasure.forget import forget as erase
    from erasure.forget import settled_as_of
    from funnelcast.sales_process import load_sales_process

    settings = settings.model_copy(update={"as_of": settings.as_of or settled_as_of(settings), "full_refresh": True})
    # dbt writes the command it runs under into its target; so might others.
    sys.argv[1:] = ["forget"]
    print("Erasing, then publishing again; this takes as long as a night.", flush=True)
    forgotten = erase(settings, load_sales_process(settings.config), email, shared)
    print(_told(forgotten))
    if forgotten.landing_files:
        print(_landing(forgotten.landing_files), file=sys.stderr)


def _told(forgotten: Forgotten) -> str:
    erasure, proof = forgotten.erasure, forgotten.proof
    lines = [
        f"Erased, under the reference {erasure.reference}: {erasure.raw_rows:,} rows of {erasure.raw_files:,} raw files, "
        f"{erasure.quarantined_rows:,} rejected lines, {forgotten.releases:,} releases.",
        "Rows, ids, amounts and times are as they were; whoever delivers this person again delivers them erased.",
        "Published again." if forgotten.not_run is None else f"No run published again: {forgotten.not_run}.",
        f"Searched for the address and the full name: {proof.files:,} files ({proof.bytes / 1e6:,.1f} MB) as bytes, "
        f"{proof.unpacked:,} of them unpacked, and every cell of {proof.tables:,} tables. Nothing was found.",
    ]
    if forgotten.is_name_shared:
        lines.append("Other people have the same full name: it was erased where it is this person's, and not searched for.")
    return "\n".join(lines)


def _landing(files: tuple[str, ...]) -> str:
    listed = "\n".join(f"  {name}" for name in files)
    return f"The landing folder is yours, and was not changed. These files in it still hold the person:\n{listed}"
