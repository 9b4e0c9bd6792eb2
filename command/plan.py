"""`funnelcast plan`: what further hires would add to the published capacity plan, in words or as JSON.

It reads what is published and imports neither Dagster, dbt nor Great Expectations.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from command.options import Home
from funnelcast.errors import UsageError
from funnelcast.settings import load_settings

if TYPE_CHECKING:
    from publishing.plan import Plan, PlannedQuarter


def plan(
    home: Home = None,
    hires: Annotated[int, typer.Option(min=0, help="How many more people are hired.")] = 0,
    start: Annotated[str | None, typer.Option(help="The month in which they come, such as 2027-01.")] = None,
    team: Annotated[str | None, typer.Option(help="Into this team. (default: the company as a whole)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """Can the sellers bring the quota, and what if more were hired? From the published tables rpt_capacity_plan and rpt_ramp."""
    if hires and start is None:
        raise UsageError("--hires needs --start, the month in which they come, such as --start 2027-01.")
    if start is not None and not hires:
        raise UsageError("--start needs --hires, how many people come, such as --hires 3.")
    month = _month(start) if start is not None else date.max
    settings = load_settings(home=home)
    from publishing.plan import read_plan, with_hires

    found = read_plan(settings.home, team)
    planned = with_hires(found, hires, month)
    if as_json:
        print(json.dumps(_json(found, planned, hires, start), indent=1, ensure_ascii=False))
    else:
        _show(found, planned, hires, start)


def _month(text: str) -> date:
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is None:
        raise UsageError(f"--start {text}: expected a month such as 2027-01.")
    return date.fromisoformat(f"{text}-01")


def _json(found: Plan, planned: tuple[PlannedQuarter, ...], hires: int, start: str | None) -> dict[str, Any]:
    quarters = [{**asdict(quarter), "period_start": quarter.period_start.isoformat()} for quarter in planned]
    return {"of": found.who, "currency": found.currency, "hires": hires, "start": start, "quarters": quarters}


def _show(found: Plan, planned: tuple[PlannedQuarter, ...], hires: int, start: str | None) -> None:
    from rich.console import Console
    from rich.table import Table

    unit = f" ({found.currency})" if found.currency else ""
    coming = f", with {hires} more from {start} on" if hires else ""
    table = Table(title=f"Capacity of {found.who}{coming}{unit}", title_justify="left")
    table.add_column("Quarter from")
    for name in ("Quota", "Capacity", "From hires", "Together", "Of quota"):
        table.add_column(name, justify="right")
    for quarter in planned:
        share = quarter.coverage_of_quota
        numbers = (quarter.quota, quarter.capacity, quarter.from_hires, quarter.capacity_with_hires)
        table.add_row(
            quarter.period_start.isoformat(),
            *("not known" if number is None else f"{number:,.0f}" for number in numbers),
            "not known" if share is None else f"{share:.0%}",
        )
    Console().print(table)
