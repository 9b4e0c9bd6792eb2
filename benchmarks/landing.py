"""`python -m benchmarks.landing`: ten million email events as CSV, landed, against DuckDB's own copy of the same file.

Belongs here: the file, the two commands that are timed in turn, and their ratio. Does not belong here: how a process is timed
(timing.py). FUNNELCAST_BENCH_ROWS makes a smaller file.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.timing import Measured, measured

_PROJECT = Path(__file__).resolve().parent.parent
_ROWS = 10_000_000
_RUNS = 3
# Goals of the issue: the ratio of times, and memory.
_GOAL, _MEMORY_GOAL_MB = 1.5, 2048
_FILE = "generic/email_event/email_event_2026-11-22.csv"


def main() -> int:
    """Time both in turn and print medians and the ratio."""
    rows = int(os.environ.get("FUNNELCAST_BENCH_ROWS", _ROWS))
    with tempfile.TemporaryDirectory(prefix="funnelcast-bench-") as folder:
        work = Path(folder)
        delivered = work / "landing" / _FILE
        write_events(delivered, rows)
        floors, landings = [], []
        for number in range(_RUNS):
            floors.append(_timed("copy", delivered, work / "copy.parquet"))
            landings.append(_timed("land", work / "landing", work / f"home{number}"))
        ratios = [landing.wall_seconds / floor.wall_seconds for landing, floor in zip(landings, floors, strict=True)]
        print(f"{rows:,} email events, {delivered.stat().st_size / 1e9:.2f} GB of CSV; load {os.getloadavg()[0]:.1f}")
        _print("DuckDB's copy", floors)
        _print("land", landings)
        print(
            f"land / copy          ratio median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            f"  (goals: at most {_GOAL}, and {_MEMORY_GOAL_MB} MB)",
            flush=True,
        )
    return 0


def write_events(path: Path, rows: int) -> None:
    """Write the same email events each time: about 110 bytes each, as an email tool exports them."""
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    'ev' || lpad(i::varchar, 9, '0') as event_id,
                    (['sent', 'delivered', 'opened', 'clicked', 'replied', 'bounced'])[1 + (hash(i) % 6)::int] as event_type,
                    strftime(timestamp '2025-01-01' + to_seconds((i * 3)::bigint), '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
                    'm' || (hash(i + 7) % 4000000) as message_id,
                    'u' || (hash(i + 1) % 25) as user_id,
                    'rep' || (hash(i + 1) % 25) || '@example.com' as sender_email,
                    'p' || (hash(i + 2) % 900000) || '@customer' || (hash(i + 3) % 900) || '.example' as recipient_email,
                    'l' || (hash(i + 2) % 900000) as lead_id,
                    's' || (hash(i + 4) % 12) as sequence_id,
                    1 + hash(i + 5) % 5 as step,
                    (['A', 'B'])[1 + (hash(i + 6) % 2)::int] as variant
                from range({rows}) as events (i)
            ) to '{path}' (format csv, header)
            """
        )
    # Landing looks twice at a file that was written in these seconds; a night's are older.
    os.utime(path, (1_700_000_000, 1_700_000_000))


def copy(source: Path, target: Path) -> None:
    """The floor: what DuckDB alone does."""
    duckdb.execute(f"copy (from read_csv('{source}', all_varchar = true)) to '{target}' (format parquet, compression zstd)")


def land(landing: Path, home: Path) -> None:
    """What a night does with the file before anything is built from it."""
    from funnelcast.sales_process import SalesProcess
    from funnelcast.settings import Settings
    from ingestion.land import land as bring_in

    settings = Settings(home=home, landing=landing)
    settings.build.mkdir(parents=True)
    (stored,) = bring_in(settings, SalesProcess()).stored
    if stored.rows_delivered != stored.rows_loaded:
        raise RuntimeError(f"{stored.rows_delivered} rows were delivered and {stored.rows_loaded} loaded")


def _timed(what: str, source: Path, target: Path) -> Measured:
    command = [sys.executable, "-m", "benchmarks.landing", what, str(source), str(target)]
    return measured(command, cwd=_PROJECT, env={}).demand_success()


def _print(name: str, runs: list[Measured]) -> None:
    walls = [run.wall_seconds for run in runs]
    peaks = [float(run.output.split()[-1]) for run in runs]
    print(
        f"{name:20} wall median {statistics.median(walls):6.1f} s ({min(walls):.1f} to {max(walls):.1f})   peak {max(peaks):.0f} MB"
    )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        raise SystemExit(main())
    import resource

    {"copy": copy, "land": land}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    # Its own peak: the kernel's account of children tells only of the largest so far.
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
