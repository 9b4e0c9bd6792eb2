"""The machine: little memory, a clock that is wrong, and packages that are not those of the lock. Nothing of it changes a number.

FAULTS 53 to 55. Full disks are in test_publishing_disk.py, kills in test_publishing_kills.py.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta, tzinfo
from importlib.metadata import distributions
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path.append(str(PROJECT / "tests" / "integration"))

from compiled_models import built, compiled_project, digests  # noqa: E402
from nights import settings_for  # noqa: E402

import ingestion.build_database  # noqa: E402
import ingestion.land  # noqa: E402

pytestmark = pytest.mark.long

EVENTS = 400_000
LITTLE_MEMORY = "120MB"


def _email_events(folder: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """A build database in which one object has many rows, each told twice."""
    folder.mkdir()
    connection = duckdb.connect(str(folder / "build.duckdb"))
    connection.execute(f"set memory_limit = '{memory}'; set threads = 2; set temp_directory = '{folder / 'spilled'}'")
    connection.execute("create schema raw; create schema config; create schema staging; create schema intermediate")
    connection.execute("create table config.run as select 'UTC' as timezone, timestamp '2026-12-01' as as_of_end")
    connection.execute(
        f"""
        create table raw.generic__email_event as
        select
            'event-' || (number % {EVENTS}) as event_id, 'opened' as event_type,
            strftime(timestamp '2026-01-01' + to_minutes(number % {EVENTS}), '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
            'message-' || (number % {EVENTS // 2}) as message_id, null::varchar as user_id, null::varchar as sender_email,
            null::varchar as recipient_email, null::varchar as lead_id, null::varchar as sequence_id, null::varchar as step,
            null::varchar as variant, 'generic' as _system, 'email_event' as _object, 'events_2026-11-22.jsonl' as _file,
            number as _row, timestamp '2026-11-22' as _extracted_at, 1::bigint as _sequence, number % {EVENTS} as _content,
            'events' as _delivery, false as _is_superseded
        from range({2 * EVENTS}) as events (number)
        """
    )
    return connection


def test_fault_53_little_memory_spills_to_disk_and_finishes(tmp_path: Path) -> None:
    """The windows that tell repeats from news sort every row: with more rows than memory they must spill, not fail."""
    model = compiled_project().models["stg_generic__email_event"]
    with _email_events(tmp_path / "little", LITTLE_MEMORY) as connection:
        connection.execute(f"create table staging.{model.name} as ({model.sql}\n)")
        counted = connection.execute(f"select row_disposition, count(*) from staging.{model.name} group by all order by 1")
        assert counted.fetchall() == [("duplicate", EVENTS), ("loaded", EVENTS)]
    # Without a place to spill to, the same is too much: the limit is one that matters.
    with _email_events(tmp_path / "nowhere", LITTLE_MEMORY) as connection:
        connection.execute("set max_temp_directory_size = '0KB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute(f"create table staging.{model.name} as ({model.sql}\n)")


def test_fault_53_what_spills_stays_below_home() -> None:
    """Extracts hold people's data: dbt's own profile says where its spilled rows go."""
    profile = (PROJECT / "dbt_project" / "profiles.yml").read_text(encoding="utf-8")
    assert "temp_directory: \"{{ env_var('FUNNELCAST_BUILD_DATABASE', 'build.duckdb') }}.tmp\"" in profile


class _Clock(datetime):
    """A clock that is wrong by some time."""

    wrong_by = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + cls.wrong_by


@pytest.mark.parametrize("wrong_by", [timedelta(days=-1), timedelta(hours=13), timedelta(days=400)])
@pytest.mark.parametrize("timezone", ["America/New_York", "Pacific/Apia"])
def test_fault_54_a_clock_that_is_wrong_changes_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta, timezone: str
) -> None:
    """Moved back a day, over midnight, over a change to winter time, on a machine in another timezone: the same digests."""
    deals = tmp_path / "landing" / "generic" / "opportunity"
    deals.mkdir(parents=True)
    for day in ("2026-10-31", "2026-11-01", "2026-11-02"):
        stage = "won" if day == "2026-11-02" else "engagement"
        text = (
            f"opportunity_id,stage,created_at,amount\nD1,{stage},2026-10-01,100\nD2,closing,2026-10-31T23:30:00-04:00,50\n"
        )
        (deals / f"opportunity_{day}.csv").write_text(text, encoding="utf-8")
    marts = compiled_project().marts()
    with built(settings_for(tmp_path / "right", tmp_path / "landing"), marts) as (connection, _):
        expected = digests(connection, marts)
    monkeypatch.setattr(_Clock, "wrong_by", wrong_by)
    monkeypatch.setattr(ingestion.build_database, "datetime", _Clock)
    monkeypatch.setenv("TZ", timezone)
    with built(settings_for(tmp_path / "wrong", tmp_path / "landing"), marts) as (connection, _):
        assert digests(connection, marts) == expected


def test_fault_54_no_model_asks_what_time_it_is() -> None:
    clock = re.compile(
        r"\b(current_date|current_timestamp|current_time|localtimestamp|getdate|now|today|get_current_timestamp)\b\s*(\(|$|,|\s)"
    )
    for path in sorted((PROJECT / "dbt_project").rglob("*.sql")):
        code = re.sub(r"{#.*?#}|--[^\n]*|'[^'\n]*'", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not clock.search(code), path.name


def test_fault_55_make_run_installs_the_lock_and_what_is_installed_is_the_lock() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^\$\(VENV\)/ready: requirements\.lock(.*?)\n\n", makefile, flags=re.DOTALL | re.MULTILINE)
    installs = [line for line in recipe.splitlines() if re.search(r"pip install .*-r requirements\.lock", line)]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert re.search(r"^run: \$\(VENV\)/ready", makefile, flags=re.MULTILINE)
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    # One lock for every system: of some packages it holds a version for each, by markers.
    pinned: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;]+)", lock, flags=re.MULTILINE):
        pinned.setdefault(_name(name), set()).add(version)
    assert len(pinned) > 100
    assert lock.count("--hash=sha256:") >= len(pinned)
    # Only the first of a name is what is imported: the packages of the old clients lie elsewhere.
    found: dict[str, str] = {}
    for distribution in distributions():
        found.setdefault(_name(distribution.metadata["Name"]), distribution.version)
    newer = {name: found[name] for name, versions in pinned.items() if name in found and found[name] not in versions}
    assert newer == {}


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
