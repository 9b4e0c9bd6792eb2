"""What people deliver and type by mistake: one clear sentence, the design's exit code, and what is published untouched.

Promises guarded: P2, P3, P6 of FAULTS.md. Each test starts from a published home, makes one mistake, and compares the
published tree byte for byte. What can be told from a file or a setting alone refuses in a second or two; the mistakes that
need a whole build share one night.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from company import FAILED, PUBLISHED, REFUSED, USAGE, Answer, Company, assert_is_for_people, run_here

from funnelcast.sales_process import load_sales_process
from ingestion.land import land
from ingestion.store import stored_files
from publishing.run_log import read_runs

pytestmark = pytest.mark.long

COMMAND = Path(sys.executable).with_name("funnelcast")
# Seconds that a process is waited for. It only ends what hangs: being slow on a busy machine is no fault.
_PATIENCE = 3600

CONFIG = """\
company: {timezone: UTC, currency: USD}
pipelines:
  - key: direct
    labels: [Direct]
    stages:
      - {label: Demo, key: demo, phase: engagement, probability: 0.4}
      - {label: Offer, key: offer, phase: closing, probability: 0.6}
      - {label: Signed, key: signed, phase: won, probability: 1}
      - {label: Gone, key: gone, phase: lost, probability: 0}
"""
HEADER = "opportunity_id,stage,pipeline,created_at,owner_id,amount,currency\n"
FIRST_DEALS = HEADER + (
    "O1,Signed,Direct,2026-10-01,u1,100,USD\nO2,Offer,Direct,2026-10-02,u1,200,USD\nO3,Gone,Direct,2026-10-05,u2,300,USD\n"
)
SECOND_DEALS = FIRST_DEALS.replace("O2,Offer", "O2,Signed")
USERS = "user_id,name\nu1,Ada\nu2,Ben\n"


@pytest.fixture(scope="module")
def after_one_night(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("bad_input") / "one")
    company.deliver("opportunity/opportunity_2026-11-09.csv", FIRST_DEALS)
    company.deliver("user/user_2026-11-09.csv", USERS)
    company.config.write_text(CONFIG, encoding="utf-8")
    answer = run_here(company.arguments)
    assert answer.code == PUBLISHED, answer.err
    return company


@pytest.fixture(scope="module")
def after_two_nights(after_one_night: Company) -> Company:
    company = after_one_night.copy(after_one_night.folder.with_name("two"))
    company.deliver("opportunity/opportunity_2026-11-10.csv", SECOND_DEALS)
    answer = run_here(company.arguments)
    assert answer.code == PUBLISHED, answer.err
    return company


@pytest.fixture
def company(after_two_nights: Company, tmp_path: Path) -> Iterator[Company]:
    """A published company to make a mistake in; whatever the mistake, what is published must be as it was."""
    copy = after_two_nights.copy(tmp_path / "company")
    before = copy.published()
    yield copy
    assert copy.published() == before


# Files: refused before anything is built

GOOD_GZIP = gzip.compress((SECOND_DEALS * 50).encode(), mtime=0)
TONIGHT = "opportunity/opportunity_2026-11-11.csv"
BAD_FILES: dict[str, tuple[str, str | bytes, tuple[str, ...]]] = {
    "14 required column missing": (
        TONIGHT,
        SECOND_DEALS.replace("stage,", "stge,"),
        ("required column 'stage' is missing", "'stge'"),
    ),
    "2 truncated gzip": (TONIGHT + ".gz", GOOD_GZIP[:-20], ("gzip stream is cut off",)),
    "2 wrong gzip checksum": (
        TONIGHT + ".gz",
        GOOD_GZIP[:-8] + bytes([GOOD_GZIP[-8] ^ 1]) + GOOD_GZIP[-7:],
        ("gzip stream is corrupt",),
    ),
    "2 trailing garbage after a gzip": (TONIGHT + ".gz", GOOD_GZIP + b"garbage", ("gzip stream is corrupt",)),
    "2 not a gzip at all": (TONIGHT + ".gz", SECOND_DEALS, ("gzip stream is corrupt",)),
    "3 empty file of a whole table": (TONIGHT, "", ("is empty (0 bytes)",)),
    "3 nothing but blank lines": (TONIGHT, "\n\n\n", ("no header and no rows",)),
    "4 header only, of a whole table": (TONIGHT, HEADER, ("a header and no rows", "everything had been deleted")),
    "9 another object, which misses what is required": (
        TONIGHT,
        "lead_id,created_at,email,status\nl1,2026-11-01,a@b.io,new\n",
        ("'opportunity_id' is missing", "it looks like generic.lead"),
    ),
    "9 another object, which has what is required": (
        "user/user_2026-11-11.csv",
        "user_id,name,opportunity_id,stage,created_at,amount,closed_at\nu1,Ada,O1,Demo,2026-11-01,5,\n",
        ("not those of generic.user", "it looks like generic.opportunity"),
    ),
    "10 no date in the name of the only delivery": (
        "lead/leads.csv",
        "lead_id,created_at\nl1,2026-11-01\n",
        ("no extract date", "expected one such as lead_2026-11-22.csv"),
    ),
    "10 no such day in the name of the only delivery": (
        "lead/leads_2026-02-30.csv",
        "lead_id,created_at\nl1,2026-11-01\n",
        ("no extract date",),
    ),
    "16 a column named twice": (TONIGHT, "opportunity_id,stage,Stage\nO1,Demo,Offer\n", ("'Stage' more than once",)),
    "21 a workbook that is none": ("user/user_2026-11-11.xlsx", b"PK", ("not a whole Excel workbook",)),
    "21 a Parquet file that is none": ("user/user_2026-11-11.parquet", b"PAR1", ("Parquet footer is missing",)),
    "a kind of file that is not read": ("user/user_2026-11-11.zip", b"PK", ("type .zip are not read", "unpack it")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD_FILES)
def test_a_file_that_cannot_be_trusted_is_refused_by_name(company: Company, mistake: str) -> None:
    """FAULTS 2, 3, 4, 9, 10, 14, 16 and 21: each alone is reason enough to refuse the night, before anything is built."""
    name, content, words = BAD_FILES[mistake]
    company.deliver(name, content)
    (refused,) = land(company.settings, load_sales_process(company.config)).refused
    assert refused.file == f"generic/{name}"
    for expected in words:
        assert expected in (refused.reason or "")
    kept = {stored.file for stored in stored_files(company.settings.raw)[0]}
    assert f"generic/{name}" not in kept


@pytest.fixture(scope="module")
def night_of_bad_files(after_two_nights: Company) -> tuple[Company, Answer, dict[str, str]]:
    """All of them in one night, each under a name of its own; and a good one among them."""
    company = after_two_nights.copy(after_two_nights.folder.with_name("files"))
    names = {}
    for number, (mistake, (name, content, _)) in enumerate(BAD_FILES.items()):
        folder, file = name.split("/")
        names[mistake] = f"{folder}/part{number:02}_{file}"
        company.deliver(names[mistake], content)
    company.deliver("user/user_2026-11-11.csv", USERS.replace("Ben", "Benjamin"))
    before = company.published()
    answer = run_here(company.arguments)
    assert company.published() == before
    return company, answer, names


def test_a_night_of_bad_files_is_refused(night_of_bad_files: tuple[Company, Answer, dict[str, str]]) -> None:
    company, answer, _ = night_of_bad_files
    assert answer.code == REFUSED, answer
    assert "Nothing was published; what was published before is unchanged" in answer.sentence
    assert_is_for_people(answer)
    assert "dbt has built" not in answer.out, "nothing is built from what cannot be trusted"
    assert read_runs(company.home)[-1].outcome == "refused"
    assert json.loads(company.settings.verdict_file.read_text(encoding="utf-8"))["status"] == "failed"


@pytest.mark.parametrize("mistake", BAD_FILES)
def test_each_bad_file_is_told_with_its_reason(
    night_of_bad_files: tuple[Company, Answer, dict[str, str]], mistake: str
) -> None:
    _, answer, names = night_of_bad_files
    for expected in (f"generic/{names[mistake]}", *BAD_FILES[mistake][2]):
        assert expected in answer.sentence


def test_the_good_files_of_a_refused_night_are_kept(night_of_bad_files: tuple[Company, Answer, dict[str, str]]) -> None:
    """What was whole need not be delivered again, and of the bad ones not a row is kept."""
    company, _, _ = night_of_bad_files
    tonight = {stored.file for stored in stored_files(company.settings.raw)[0] if str(stored.extracted_on) == "2026-11-11"}
    assert tonight == {"generic/user/user_2026-11-11.csv"}


def test_the_installed_command_says_it_on_stderr_without_a_trace(company: Company) -> None:
    company.deliver(TONIGHT, SECOND_DEALS.replace("stage,", "stge,"))
    answer = run_installed(company.arguments)
    assert answer.code == REFUSED
    assert "required column 'stage' is missing" in answer.sentence
    assert_is_for_people(answer)


# Settings: refused before anything is read

BAD_CONFIGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown key": (CONFIG + "compnay: {}\n", ("compnay", "unknown key", "expected one of", "company")),
    "unknown key inside": (
        CONFIG.replace("timezone: UTC", "time_zone: UTC"),
        ("company.time_zone", "unknown key", "timezone"),
    ),
    "wrong type": (CONFIG + "segments: 5\n", ("segments", "found 5")),
    "bad timezone": (CONFIG.replace("UTC", "Mars/Olympus"), ("company.timezone", "'Mars/Olympus'", "America/New_York")),
    "timezone out of its folder": (CONFIG.replace("UTC", "../../etc/passwd"), ("company.timezone", "not a timezone")),
    "unknown gate threshold": (CONFIG + "gate: {set_aside_shar: 0.5}\n", ("gate.set_aside_shar", "'set_aside_share'")),
    "impossible gate threshold": (CONFIG + "gate: {set_aside_share: 5}\n", ("gate.set_aside_share", "from 0 to 1")),
    "stage map without lost": (
        CONFIG.replace("      - {label: Gone, key: gone, phase: lost, probability: 0}\n", ""),
        ("pipelines[0]", "'direct'", "'lost'", "at least one"),
    ),
    "open stage behind a closed one": (
        CONFIG + "      - {label: Late, key: late, phase: closing, probability: 0.5}\n",
        ("'direct'", "open stages first"),
    ),
    "a label twice": (CONFIG.replace("label: Offer", "label: demo"), ("stage label 'demo' is given twice",)),
    "a probability in per cent": (CONFIG.replace("0.4", "40"), ("probability", "less than or equal to 1", "found 40")),
    "unknown object": (
        CONFIG + "objects: {oportunity: {}}\n",
        ("objects.oportunity", "no such object", "generic.opportunity"),
    ),
    "unknown column": (
        CONFIG + "objects: {opportunity: {columns: {stagename: S}}}\n",
        ("generic.opportunity", "stagename", "expected one of", "stage"),
    ),
    "not YAML": ("company: {timezone: [\n", ("expected YAML",)),
    "not a mapping": ("- company\n", ("expected a mapping", "list")),
    "not text": ("\x00", ("expected YAML",)),
}


@pytest.mark.parametrize("mistake", BAD_CONFIGS)
def test_a_wrong_config_is_named_by_file_and_key_and_nothing_runs(company: Company, mistake: str) -> None:
    """FAULTS 40."""
    text, words = BAD_CONFIGS[mistake]
    company.config.write_text(text, encoding="utf-8")
    runs_before = read_runs(company.home)
    answer = run_here(company.arguments)
    assert answer.code == USAGE, answer
    for expected in (*words, company.config.name):
        assert expected in answer.sentence
    assert_is_for_people(answer, one_line=True)
    assert read_runs(company.home) == runs_before


def test_a_missing_config_file_is_named(company: Company) -> None:
    answer = run_here([*company.arguments[:-1], str(company.folder / "sales_proces.yml")])
    assert answer.code == USAGE
    assert "sales_proces.yml" in answer.sentence
    assert_is_for_people(answer, one_line=True)


BAD_FLAGS: dict[str, tuple[Callable[[Company], list[str]], tuple[str, ...]]] = {
    "--as-of before the first extract": (
        lambda company: [*company.arguments, "--as-of", "2026-11-01"],
        ("2026-11-01", "before the first extract", "2026-11-09"),
    ),
    "--as-of in the future": (
        lambda company: [*company.arguments, "--as-of", "2999-01-01"],
        ("2999-01-01", "in the future", "or earlier"),
    ),
    "--as-of not a date": (
        lambda company: [*company.arguments, "--as-of", "yesterday"],
        ("--as-of", "'yesterday'", "2026-11-22"),
    ),
    "--as-of a day that does not exist": (
        lambda company: [*company.arguments, "--as-of", "2026-02-30"],
        ("--as-of", "'2026-02-30'"),
    ),
    "missing landing folder": (
        lambda company: [*company.arguments, "--landing", str(company.folder / "nowhere")],
        ("nowhere", "does not exist", "<system>/<object>/<file>"),
    ),
}


@pytest.mark.parametrize("mistake", BAD_FLAGS)
def test_a_wrong_flag_is_named(company: Company, mistake: str) -> None:
    """FAULTS 41."""
    arguments, words = BAD_FLAGS[mistake]
    answer = run_here(arguments(company))
    assert answer.code == USAGE, answer
    for expected in words:
        assert expected in answer.sentence
    assert_is_for_people(answer, one_line=True)


def test_a_wrong_environment_variable_is_named(company: Company) -> None:
    answer = run_here(company.arguments, {"FUNNELCAST_FULL_REFRESH": "perhaps"})
    assert answer.code == USAGE
    assert "full_refresh" in answer.sentence
    assert "'perhaps'" in answer.sentence
    assert_is_for_people(answer, one_line=True)


def test_an_unknown_flag_or_command_is_usage(company: Company) -> None:
    for arguments in ([*company.arguments, "--asof", "2026-11-10"], ["rn"]):
        answer = run_here(arguments)
        assert answer.code == USAGE
        assert_is_for_people(answer)


def test_a_wrong_config_makes_no_home(tmp_path: Path) -> None:
    """Nothing is run, so nothing is written."""
    config = tmp_path / "sales_process.yml"
    config.write_text("gate: {no_such: 1}\n", encoding="utf-8")
    (tmp_path / "landing").mkdir()
    answer = run_here(
        ["run", "--home", str(tmp_path / "home"), "--landing", str(tmp_path / "landing"), "--config", str(config)]
    )
    assert answer.code == USAGE
    assert not (tmp_path / "home").exists()


# Home


@pytest.mark.parametrize("command", ["run", "status", "serve"])
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, command: str) -> None:
    """FAULTS 42. Tests may run as root, to whom every folder is writable: a file stands where home should be."""
    home, landing = tmp_path / "home", tmp_path / "landing"
    home.write_text("not a folder", encoding="utf-8")
    landing.mkdir()
    arguments = [command, "--home", str(home), *(() if command == "status" else ("--landing", str(landing)))]
    answer = run_here(arguments)
    assert answer.code == FAILED, answer
    assert str(home) in answer.sentence
    assert_is_for_people(answer, one_line=True)
    assert home.read_text(encoding="utf-8") == "not a folder"


@pytest.mark.parametrize("folder", ["raw", "build", "logs", "dagster"])
def test_a_folder_of_home_that_cannot_be_written_is_named(company: Company, folder: str) -> None:
    """FAULTS 42: which folder."""
    shutil.rmtree(company.home / folder)
    (company.home / folder).write_text("not a folder", encoding="utf-8")
    company.deliver(TONIGHT, SECOND_DEALS)
    answer = run_here(company.arguments)
    assert answer.code == FAILED, answer
    assert str(company.home) in answer.sentence
    assert folder in answer.sentence
    assert_is_for_people(answer, one_line=True)


def test_nothing_was_ever_delivered(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    answer = run_here(["run", "--home", str(tmp_path / "home"), "--landing", str(tmp_path / "landing")])
    assert answer.code == REFUSED, answer
    assert "No extract was ever delivered" in answer.sentence
    assert "generic/opportunity/opportunity_2026-11-22.csv" in answer.sentence
    assert_is_for_people(answer)


# Rows: one night of mistakes that only the whole build can show


@pytest.fixture(scope="module")
def night_of_mistakes(after_two_nights: Company) -> tuple[Company, Answer]:
    company = after_two_nights.copy(after_two_nights.folder.with_name("mistakes"))
    company.deliver(
        TONIGHT,
        SECOND_DEALS
        # an unknown stage, an unknown pipeline, an unknown currency
        + "O4,Zauberei,Direct,2026-11-01,u1,10,USD\n"
        + "O5,Demo,Mystery,2026-11-01,u1,10,USD\n"
        + "O6,Demo,Direct,2026-11-01,u1,10,XYZ\n"
        # one id, two stories, nothing that says which is newer
        + "O7,Demo,Direct,2026-11-01,u1,10,USD\n"
        + "O7,Offer,Direct,2026-11-01,u1,10,USD\n",
    )
    before = company.published()
    answer = run_here(company.arguments)
    assert company.published() == before
    return company, answer


def test_a_night_of_mistakes_is_refused_for_each(night_of_mistakes: tuple[Company, Answer]) -> None:
    company, answer = night_of_mistakes
    assert answer.code == REFUSED, answer
    assert_is_for_people(answer)
    assert read_runs(company.home)[-1].outcome == "refused"


@pytest.mark.parametrize(
    ("check", "examples"),
    [
        # FAULTS 28: each is named, with what to do
        ("the_stage_of_an_open_opportunity_is_known", ("Zauberei", "Mystery")),
        ("an_amount_has_its_exchange_rate", ("O6",)),
        # FAULTS 26: by file and row
        (
            "no_id_is_delivered_twice_with_different_content",
            ("opportunity_2026-11-11.csv / 7", "opportunity_2026-11-11.csv / 8"),
        ),
    ],
)
def test_what_is_wrong_is_named(night_of_mistakes: tuple[Company, Answer], check: str, examples: tuple[str, ...]) -> None:
    company, answer = night_of_mistakes
    assert check in answer.sentence
    verdict = json.loads(company.settings.verdict_file.read_text(encoding="utf-8"))
    (found,) = [found for found in verdict["checks"] if found["check"] == check and found["status"] == "failed"]
    assert found["severity"] == "refuse"
    assert found["advice"]
    told = json.dumps(found["examples"])
    assert all(example in told for example in examples), told


# Runs that are stopped


@dataclass
class Stopped:
    """A run that was asked to stop while dbt was building, and a second one that was started meanwhile."""

    company: Company
    before: dict[str, str]
    first: Answer
    second: Answer


@pytest.fixture(scope="module")
def stopped(after_two_nights: Company) -> Stopped:
    company = after_two_nights.copy(after_two_nights.folder.with_name("stopped"))
    before = company.published()
    with started([*company.arguments, "--full-refresh"]) as process:
        wait_for_words(process, "dbt has built")
        second = run_installed([*company.arguments, "--full-refresh"])
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=_PATIENCE)
        return Stopped(company, before, Answer(process.returncode, out, err), second)


def test_two_runs_at_once_the_second_is_told_since_when(stopped: Stopped) -> None:
    """FAULTS 44."""
    assert stopped.second.code == FAILED
    assert "A run is in progress since 20" in stopped.second.sentence
    assert str(stopped.company.home) in stopped.second.sentence
    assert_is_for_people(stopped.second, one_line=True)


def test_sigterm_leaves_a_cancelled_run_and_what_is_published(stopped: Stopped) -> None:
    """FAULTS 43: the run is marked cancelled, in Dagster and in the run log."""
    assert stopped.first.code == FAILED
    assert "stopped" in stopped.first.sentence
    assert_is_for_people(stopped.first, one_line=True)
    assert stopped.company.published() == stopped.before
    assert dagster_statuses(stopped.company)[0] == "CANCELED"
    assert read_runs(stopped.company.home)[-1].outcome == "cancelled"


def test_nothing_goes_on_after_sigterm(stopped: Stopped) -> None:
    assert_nobody_works_on(stopped.company.home)


def test_sigkill_changes_nothing_and_the_next_run_heals(
    after_one_night: Company, after_two_nights: Company, tmp_path: Path
) -> None:
    """P3: killed while dbt builds, the last published set stays; the next run ends in an undisturbed run's digests."""
    company = after_one_night.copy(tmp_path / "company")
    company.deliver("opportunity/opportunity_2026-11-10.csv", SECOND_DEALS)
    before = company.published()
    with started(company.arguments) as process:
        wait_for_words(process, "dbt has built")
        process.kill()
        process.wait(timeout=_PATIENCE)
    assert company.published() == before
    assert_nobody_works_on(company.home)
    healed = run_here(company.arguments)
    assert healed.code == PUBLISHED, healed
    assert company.digests() == after_two_nights.digests()


# How the command is run and looked at


def run_installed(arguments: list[str]) -> Answer:
    """Run the installed command, from a folder that is not the project."""
    ended = subprocess.run(
        [str(COMMAND), *arguments],
        cwd="/",
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    return Answer(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start the installed command; it is gone when the test is."""
    process = subprocess.Popen(
        [str(COMMAND), *arguments],
        cwd="/",
        env=plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        # Reads to the end and closes the pipes.
        process.communicate()


def wait_for_words(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"it ended without saying {words!r}")


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("FUNNELCAST_", "DAGSTER_", "DBT_"))}


def assert_nobody_works_on(home: Path) -> None:
    """No process that a run started is left; the gate's worker takes a moment to see that nobody will ask it."""
    deadline = time.monotonic() + _PATIENCE
    while workers := _processes_of(home):
        assert time.monotonic() < deadline, f"still there: {workers}"
        time.sleep(0.2)


def _processes_of(home: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            # It ended while it was looked at, or is not ours to look at.
            continue
        if f"FUNNELCAST_HOME={home}\0".encode() in environment or (str(home) in command and "funnelcast" in command):
            found.append(command)
    return found


def dagster_statuses(company: Company) -> list[str]:
    """The status of every run that Dagster remembers, the newest first."""
    from dagster import DagsterInstance

    with DagsterInstance.from_config(str(company.settings.dagster_home)) as instance:
        return [record.dagster_run.status.value for record in instance.get_run_records()]
