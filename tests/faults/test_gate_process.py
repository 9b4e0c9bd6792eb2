"""Assumption: whatever goes wrong in the gate is told as errored, and never as passed or as bad data.

Guards quality/worker.py, gate.py and validation.py as a process, the way orchestration starts them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import clean_build
import duckdb
import pytest
from gate_child import ROOT
from test_gate_planted_defects import PLANTS as PLANTS_OF_CHECKS

from quality.digests import table_digests
from quality.verdict import CheckResult, Verdict

# Seconds that a process is waited for. It only ends what hangs: being slow on a busy machine is no fault.
_PATIENCE = 3600


@dataclass(frozen=True)
class Asked:
    """How a worker ended, and what it left behind."""

    exit_code: int
    output: str
    verdict: Verdict | None
    docs: Path
    home: Path

    def result(self, check: str) -> CheckResult:
        assert self.verdict is not None
        return next(result for result in self.verdict.checks if result.check == check)

    def red(self) -> set[str]:
        assert self.verdict is not None
        return {result.check for result in self.verdict.checks if result.status != "passed"}

    def pages(self) -> str:
        return "".join(page.read_text(encoding="utf-8") for page in self.docs.rglob("*.html"))


RED = (
    f"{PLANTS_OF_CHECKS['opportunity_status_is_known']};"
    " insert into marts.dim_lead by name select dim_lead.* replace ('ann@example.com' as lead_id)"
    "  from marts.dim_lead cross join range(2) as twice where lead_id = 'l2'"
)
WARNED = PLANTS_OF_CHECKS["no_amount_is_absurd"]
# A missing column twice, a missing table, and rows that cannot be read.
ERRORED = (
    "alter table marts.fct_opportunity drop column amount_original;"
    " alter table marts.dim_stage drop column default_probability;"
    " drop table marts.fct_activity_daily;"
    " create table marts.account as select *, 'ann@example.com' as number from marts.dim_account;"
    " drop table marts.dim_account;"
    " create view marts.dim_account as select * from marts.account where cast(number as integer) > 0"
)
PLANTS = {"clean": "select 1", "red": RED, "warned": WARNED, "errored": ERRORED}


def run_worker(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "quality.worker"],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "TMPDIR": str(home)},
        input=line,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )


def ask(place: Path, planted: str | None) -> Asked:
    """Give a worker a clean build with something done to it, or (None) what is no database at all."""
    place.mkdir()
    build = place / "build.duckdb"
    if planted is None:
        build.write_bytes(b"no database at all" * 1000)
    else:
        clean_build.make(build)
        with duckdb.connect(str(build)) as connection:
            connection.execute(planted)
    verdict_file = place / "verdict.json"
    verdict_file.write_text("the verdict on an earlier build")
    request = {
        "database": str(build),
        "build_id": "b1",
        "verdict_file": str(verdict_file),
        "docs_dir": str(place / "docs"),
        "thresholds": {},
        "memory": "500MB",
    }
    ended = run_worker(json.dumps(request) + "\n", place / "home")
    verdict = Verdict.read(verdict_file) if verdict_file.exists() else None
    return Asked(ended.returncode, ended.stdout, verdict, place / "docs", place / "home")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Asked]]]:
    """Every kind of build, given to workers of their own; two at a time, as each takes seconds to start."""
    place = tmp_path_factory.mktemp("asked")
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(ask, place / name, planted) for name, planted in {**PLANTS, "broken": None}.items()}


@pytest.fixture
def clean(asked: dict[str, Future[Asked]]) -> Asked:
    return asked["clean"].result()


def test_a_clean_build_passes_without_a_word(clean: Asked) -> None:
    assert (clean.exit_code, clean.output) == (0, "")
    assert clean.verdict is not None
    assert (clean.verdict.build_id, clean.verdict.status, clean.red()) == ("b1", "passed", set())
    assert clean.result("an_opportunity_is_one_row").total_rows == 6


def test_the_verdict_has_the_digest_of_every_published_table(clean: Asked, tmp_path: Path) -> None:
    assert clean.verdict is not None
    clean_build.make(tmp_path / "again.duckdb")
    with duckdb.connect(str(tmp_path / "again.duckdb")) as connection:
        assert clean.verdict.table_digests == table_digests(connection, "marts")


def test_the_gate_writes_nowhere_but_where_it_was_asked_to(clean: Asked) -> None:
    assert list(clean.home.rglob("*")) == []


def test_data_docs_say_what_holds_and_tell_nobody_that_they_were_opened(clean: Asked) -> None:
    pages = clean.pages()
    assert "Each opportunity is counted once." in pages
    assert "great-expectations-web-assets" not in pages


def test_a_red_check_shows_ids_counts_and_what_to_do_but_no_people(asked: dict[str, Future[Asked]]) -> None:
    found = asked["red"].result()
    assert (found.exit_code, found.output) == (0, "")
    assert found.verdict is not None
    assert found.verdict.status == "failed"
    assert found.red() == {"opportunity_status_is_known", "a_lead_is_one_row", "tiers_hold_every_lead_once"}
    status = found.result("opportunity_status_is_known")
    assert (status.unexpected_rows, status.total_rows, status.examples) == (1, 6, ("generic / o2 / archived",))
    assert found.result("a_lead_is_one_row").examples == ("generic / (an address)",)
    pages = found.pages()
    assert "generic / o2 / archived" in pages
    assert "ann@example.com" not in pages + found.verdict.to_json()


def test_a_check_that_only_warns_does_not_refuse(asked: dict[str, Future[Asked]]) -> None:
    found = asked["warned"].result()
    assert found.verdict is not None
    assert (found.verdict.status, found.red()) == ("passed", {"no_amount_is_absurd"})
    assert found.result("no_amount_is_absurd").status == "failed"


def test_what_cannot_be_asked_is_errored_and_leaves_the_other_checks_alone(asked: dict[str, Future[Asked]]) -> None:
    found = asked["errored"].result()
    assert (found.exit_code, found.output) == (0, "")
    assert found.verdict is not None
    assert found.verdict.status == "errored"
    errored = {result.check for result in found.verdict.checks if result.status == "errored"}
    assert errored == found.red()
    assert {result.check for result in found.verdict.checks if result.table == "marts.fct_activity_daily"} < errored
    assert errored - {result.check for result in found.verdict.checks if result.group == "activity"} == {
        "an_amount_has_its_exchange_rate",
        "a_stage_probability_is_a_share",
        "an_account_is_one_row",
        "an_account_has_an_id",
        "few_opportunities_have_an_unknown_account",
    }
    assert "amount_original" in (found.result("an_amount_has_its_exchange_rate").error or "")
    assert "default_probability" in (found.result("a_stage_probability_is_a_share").error or "")
    assert "marts.fct_activity_daily" in (found.result("activity_has_its_day").error or "")
    assert "ann@example.com" not in found.pages() + found.verdict.to_json()


def test_a_build_that_cannot_be_opened_is_errored_not_failed(asked: dict[str, Future[Asked]]) -> None:
    found = asked["broken"].result()
    assert found.exit_code == 1
    assert "Traceback" in found.output
    assert found.verdict is not None
    assert (found.verdict.build_id, found.verdict.status, found.red()) == ("b1", "errored", {"the_gate_ran"})
    assert "build.duckdb" in (found.result("the_gate_ran").error or "")


def test_a_gate_of_which_one_process_is_killed_is_errored(tmp_path: Path) -> None:
    clean_build.make(tmp_path / "build.duckdb")
    script = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from quality import gate

gate._ask_elsewhere = lambda *_: os.kill(os.getpid(), 9)
request = gate.GateRequest(Path("build.duckdb"), "b1", Path("verdict.json"), Path("docs"), {{}})
try:
    gate.run_gate(request)
except Exception as error:
    verdict = gate.crashed("b1", error)
    print(verdict.status, verdict.checks[0].error)
sys.stdout.flush()
os._exit(0)
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    assert ended.stdout.startswith("errored ")
    assert "a process of the gate died (exit code -9)" in ended.stdout


def test_a_worker_that_is_not_asked_ends_quietly(tmp_path: Path) -> None:
    ended = run_worker("", tmp_path / "home")
    assert (ended.returncode, ended.stdout) == (0, "")


def test_a_request_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    ended = run_worker('{"database": "x"}\n', tmp_path / "home")
    assert ended.returncode == 2
    assert ended.stdout == (
        "quality.worker: expected one JSON object with database, build_id, verdict_file, docs_dir, thresholds, memory\n"
    )


def test_great_expectations_needs_the_dialect_and_works_with_it(tmp_path: Path) -> None:
    """When the first half fails, Great Expectations has learnt DuckDB, and quality/duckdb_dialect.py can go."""
    clean_build.make(tmp_path / "build.duckdb")
    script = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from quality import duckdb_dialect, validation
from quality.checks import Check, Group
from quality.rules import NotNull

group = Group("g", (Check("c", "marts.dim_rep", NotNull("rep_id"), "A.", "B.", ("rep_id",)),))

def ask():
    with validation.validating(Path("build.duckdb"), ["marts.dim_rep"], "b1", Path("docs")) as opened:
        return opened.run(group)["c"]

install, duckdb_dialect.install = duckdb_dialect.install, lambda: None
without = ask()
duckdb_dialect.install = install
install()
install()
print(without.held, without.error, "|", ask())
sys.stdout.flush()
os._exit(0)
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    without, _, with_it = ended.stdout.partition("|")
    assert without.startswith("False")
    assert "None" not in without
    assert with_it.strip() == "Outcome(held=True, unexpected_rows=0, error=None)"
