"""Assumes: what people's tools carry, old DuckDB clients, can open the published database and read the same
numbers.

Guards `STORAGE_VERSION` in publishing/bundle.py: a database in DuckDB 2.0's own format is unreadable to every
1.x client, and BI tools carry 1.x drivers. The clients are installed by the Makefile from tests/old_clients/,
each in a folder of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from publishing_home import publish_build

ROOT = Path(__file__).parents[2]
PINS = sorted((ROOT / "tests" / "old_clients").glob("duckdb-*.txt"))

_ASK = """
import json, sys, duckdb
if sys.argv[1] == "opened":
    connection = duckdb.connect(sys.argv[2], read_only=True)
else:
    connection = duckdb.connect()
    connection.execute("attach '" + sys.argv[2] + "' as sales (read_only)")
answers = [str(connection.execute(question).fetchall()) for question in sys.argv[3:]]
print(json.dumps([duckdb.__version__, *answers]))
"""
# As BI tools ask: every table by schema and name, and the descriptions.
QUESTIONS = (
    "select count(*), sum(amount), min(created_at), max(name), sum(rate) from marts.fct_opportunity",
    "select period_type, period_start, won_amount, win_rate from marts.fct_velocity order by all",
    "select run_id, as_of, outcome, started_at, rows_read from marts.ops_run order by all",
    "select check_name, status, advice from marts.ops_check order by all",
    "select table_name, comment from duckdb_tables() where comment is not null order by all",
    # As people ask: by the bare name, in the schema in which the database opens.
    "show tables",
    "select count(*), sum(amount), min(created_at), max(name), sum(rate) from fct_opportunity",
    "from main.fct_velocity order by all",
    "from funnelcast.marts.fct_velocity order by all",
    "from funnelcast.fct_velocity order by all",
    "select view_name, comment from duckdb_views() where comment is not null order by all",
    "select table_schema, table_name, table_type from information_schema.tables order by all",
    "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() where not internal order by all",
)
# Attached under another name: the tables by their schema, and both by bare names once the database is the one in use.
QUESTIONS_ATTACHED = (
    "select count(*), sum(amount) from sales.marts.fct_opportunity",
    "use sales",
    "show tables",
    "select count(*), sum(amount) from fct_opportunity",
    "select count(*), sum(amount) from marts.fct_opportunity",
)


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.stem)
def test_an_old_client_reads_what_we_read(tmp_path: Path, pin: Path) -> None:
    version = pin.stem.removeprefix("duckdb-")
    client = ROOT / ".venv" / "old-clients" / version
    if not client.is_dir():
        pytest.skip(f"DuckDB {version} is not installed in {client}: make installs it there from {pin.name}")
    publish_build(tmp_path, "run-1", deals=50_000)
    database = tmp_path / "published" / "funnelcast.duckdb"

    told_version, *told = _ask("opened", database, client, QUESTIONS)

    assert told_version == version
    with duckdb.connect(str(database), read_only=True) as connection:
        assert told == [str(connection.execute(question).fetchall()) for question in QUESTIONS]
    _, *told = _ask("attached", database, client, QUESTIONS_ATTACHED)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as sales (read_only)")
        assert told == [str(connection.execute(question).fetchall()) for question in QUESTIONS_ATTACHED]


def test_the_clients_are_pinned_by_hash_and_without_addresses() -> None:
    assert len(PINS) >= 2
    for pin in PINS:
        text = pin.read_text()
        assert text.startswith(f"duckdb=={pin.stem.removeprefix('duckdb-')} ")
        assert text.count("--hash=sha256:") > 20
        assert "://" not in text


def _ask(how: str, database: Path, client: Path, questions: Sequence[str]) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", _ASK, how, str(database), *questions],
        env={"PYTHONPATH": str(client), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: list[Any] = json.loads(done.stdout)
    return answer
