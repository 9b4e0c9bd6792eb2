"""The command: reads settings, asks the layers to do the work, and says in words what came of it.

Belongs here: flags, exit codes, what is printed. Does not belong here: any work. Heavy imports are made where they are used:
a run with nothing to do ends before Dagster, dbt or Great Expectations would have been imported.
"""

from __future__ import annotations

import atexit
import multiprocessing.util
import os
import sys
from datetime import date
from typing import Annotated

import typer

from command.forget import forget
from command.init import init
from command.options import Config, Home, Landing
from command.plan import plan
from command.quarantine import quarantine
from command.status import status
from funnelcast.errors import FunnelcastError, GateRefused, UsageError
from funnelcast.settings import Settings, load_settings

app = typer.Typer(
    help="Funnelcast: where deals stand, how fast they move, and what they will bring in.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (init, status, quarantine, plan, forget):
    app.command()(command)


@app.command()
def run(
    home: Home = None,
    landing: Landing = None,
    config: Config = None,
    as_of: Annotated[str | None, typer.Option(help="Tell of the end of this day. (default: the newest extract's)")] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Build again even if nothing is new.")] = False,
) -> None:
    """One nightly run: land, build, check, publish."""
    settings = load_settings(home=home, landing=landing, config=config, as_of=_day(as_of), full_refresh=full_refresh or None)
    _demand_good_process(settings)
    _demand_landing(settings)
    if _nothing_new(settings):
        return
    from orchestration.environment import prepare
    from orchestration.gate_worker import gate_worker
    from publishing.summary import published_summary, render_refused
    from quality.verdict import Verdict

    print(f"Running: landing {settings.landing}, home {settings.home}", flush=True)
    prepare(settings)
    try:
        # The gate's imports and Dagster's take seconds each: side by side.
        with gate_worker(settings) as gate:
            from orchestration.run import run_nightly

            run_nightly(settings, gate)
    except GateRefused as error:
        if type(error) is not GateRefused or not settings.verdict_file.is_file():
            raise
        verdict = Verdict.read(settings.verdict_file)
        print(render_refused(verdict, settings.home), file=sys.stderr)
        raise SystemExit(GateRefused.exit_code if verdict.status == "failed" else 1) from error
    print()
    print(published_summary(settings.home))


@app.command()
def serve(
    home: Home = None,
    landing: Landing = None,
    config: Config = None,
    port: Annotated[int, typer.Option(help="The port on loopback.")] = 3000,
) -> None:
    """Dagster's user interface and the nightly schedule, on loopback, until stopped."""
    settings = load_settings(home=home, landing=landing, config=config)
    _demand_good_process(settings)
    from orchestration.serve import serve as serve_until_stopped

    print(
        f"http://127.0.0.1:{port} shows runs, assets and checks; the nightly schedule is on. Ctrl-C stops both.", flush=True
    )
    serve_until_stopped(settings, port)


def main() -> None:
    """Run the command and end the process with the design's exit code."""
    code, is_work_left = answer()
    if is_work_left:
        # The build that was stopped goes on in its thread; nobody waits for it. Its locks are let go of: Python tells of those
        # that are left.
        multiprocessing.util._exit_function()  # type: ignore[attr-defined]
    else:
        atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    # What must be done at the end is done; taking the whole stack apart would take another second and a half.
    os._exit(code)


def answer() -> tuple[int, bool]:
    """Run the command; a person's mistake gets one sentence. Returns the exit code, and whether work goes on in other threads."""
    # Told before anything is imported that could report to somebody.
    os.environ.update({"DO_NOT_TRACK": "1", "DAGSTER_DISABLE_TELEMETRY": "1", "GX_ANALYTICS_ENABLED": "false"})
    try:
        app()
    except FunnelcastError as error:
        print(f"funnelcast: {error}", file=sys.stderr)
        return error.exit_code, error.leaves_work_behind
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None), False
    return 0, False


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of {text!r} is not a date; expected one such as 2026-11-22.") from error


def _demand_good_process(settings: Settings) -> None:
    """Find a wrong config before anything is read or written. Raises `UsageError`."""
    from funnelcast.sales_process import load_sales_process
    from ingestion.landing import delivered_objects
    from quality.thresholds import settle

    process = load_sales_process(settings.config)
    try:
        delivered_objects(process)
        settle(process.gate)
    except UsageError as error:
        # They know keys, not the file in which they stand.
        raise UsageError(f"{settings.config}: {error}") from error


def _demand_landing(settings: Settings) -> None:
    """Find a wrong landing folder or URL before anything is run. Raises `FunnelcastError`."""
    from ingestion.places import place_of

    place_of(settings.landing).files()


def _nothing_new(settings: Settings) -> bool:
    """Say so and return True where the published release is what a run would publish."""
    import uuid
    from datetime import UTC, datetime

    from funnelcast import __version__
    from funnelcast.sales_process import load_sales_process
    from orchestration.home_lock import home_lock
    from publishing.inputs import is_nothing_new
    from publishing.run_log import RunRecord, append_run
    from publishing.status import what_is_overdue
    from publishing.summary import published_summary

    started_at = datetime.now(UTC)
    with home_lock(settings):
        if not is_nothing_new(settings, load_sales_process(settings.config)):
            return False
        print("Nothing new was delivered since the last run; what it published is whole and stays.\n")
        print(published_summary(settings.home))
        if late := what_is_overdue(settings):
            print(f"funnelcast: {late}", file=sys.stderr)
        append_run(settings.home, RunRecord(str(uuid.uuid4()), "nothing_new", started_at, datetime.now(UTC), __version__))
    return True
