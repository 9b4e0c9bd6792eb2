"""`funnelcast quarantine`: the rows that are not in the tables, on the terminal or written for repair.

What it prints may hold people's data: whoever asks for it sees it, and nobody else.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from command.options import Home
from funnelcast.settings import load_settings

if TYPE_CHECKING:
    from publishing.quarantine import Quarantine


def quarantine(
    home: Home = None,
    only: Annotated[str | None, typer.Option("--object", help="Only this object, such as salesforce.lead.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many rows are shown; totals are of all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
    export: Annotated[
        Path | None, typer.Option(help="Write the rows for repair: FILE.csv or FILE.jsonl of one object, or a folder.")
    ] = None,
) -> None:
    """The rows that could not be read or break a rule, with file, line, column, value and reason; --export writes them for repair."""
    settings = load_settings(home=home)
    from publishing.quarantine import export as write
    from publishing.quarantine import read_quarantine

    found = read_quarantine(settings)
    if only is not None:
        found = replace(found, problems=tuple(row for row in found.problems if f"{row.system}.{row.object}" == only))
    written = write(settings, found, export.expanduser()) if export is not None else []
    if as_json:
        print(json.dumps(found.to_json(limit), indent=1, ensure_ascii=False))
    elif export is None:
        print(_told(found, limit))
    words = sys.stderr if as_json else sys.stdout
    for path, rows in written:
        print(f"{rows:,} rows for repair in {path}", file=words)
    if export is not None:
        print(_what_now() if written else "There is nothing to repair.", file=words)


def _told(found: Quarantine, limit: int) -> str:
    outstanding = found.outstanding()
    if not found.problems:
        return "No row was rejected or set aside."
    lines = [
        f"{len(outstanding):,} rows are not in the tables (set-aside rows as of {found.told_by or 'the quarantine'}).",
        "",
    ]
    for row in found.totals():
        done = "".join(f", {row[state]:,} {state}" for state in ("repaired", "replaced") if row[state])
        lines.append(f"  {row['outstanding']:>7,}  {row['system']}.{row['object']}: {row['reason']}{done}")
    shown = outstanding[:limit]
    if shown:
        lines.append("")
    for problem in shown:
        column = f" {problem.column}" if problem.column else ""
        value = "" if problem.value is None else f" = {_short(problem.value)}"
        lines += [f"  {problem.file}, {problem.line}:{column}{value}", f"      {problem.reason}"]
    if len(outstanding) > len(shown):
        lines.append(
            f"  and {len(outstanding) - len(shown):,} more; --limit shows more, --export FOLDER writes them all for repair"
        )
    return "\n".join(lines)


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 120 else f"{one_line[:117]}..."


def _what_now() -> str:
    return (
        "Repair the cells and put the files into landing/<system>/<object>/, each under a name with the extract's date; leave the "
        "columns that begin with _ as they are. The next run loads the rows."
    )
