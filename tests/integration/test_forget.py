"""`funnelcast forget`: a person is gone from every byte below home, every other number stays, and they stay forgotten.

Assumptions guarded: equal cells stay equal when they are erased (nothing is counted anew); what was deleted does not stay in freed
pages, old releases, logs or caches; a new extract does not bring the person back. Broken by: ingestion/suppression.py,
ingestion/forgotten_cells.py, all of erasure/, the hook in ingestion/land.py.
The search here is the test's own: plain bytes and pandas' reading of the cells, not erasure/proof.py.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from nights import PROJECT, command, rows_of, settings_for

from erasure.forget import forget
from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings
from ingestion.suppression import unfinished_erasure
from publishing.certificate import read_certificate
from publishing.integrity import find_damage

pytestmark = pytest.mark.long

ADDRESS, NAME = "lucia.navarro@windview.example", "Lucía Navarro"
LEAD = "00QKd000001004bMAA"
CONFIG = PROJECT / "config" / "sales_process.yml"
# What is told of the person, by table; every other column of every table must be as it was.
# A person's id is made of the address: it becomes another one.
PERSONAL = {
    "dim_lead": {"name", "email", "person_id"},
    "dim_person": {"email", "person_id"},
    "dim_person_record": {"person_id", "extra"},
    "fct_opportunity": {"lead_name"},
    "ops_set_aside": {"problem_value"},
}


@dataclass(frozen=True)
class Erasure:
    home: Path
    landing: Path
    before: dict[str, list[tuple[Any, ...]]]
    after: dict[str, list[tuple[Any, ...]]]
    said: str
    warned: str

    @property
    def published(self) -> Path:
        return self.home / "published"


@pytest.fixture(scope="module")
def erasure(sample: Settings, tmp_path_factory: pytest.TempPathFactory) -> Erasure:
    folder = tmp_path_factory.mktemp("forget")
    home, landing = folder / "home", folder / "landing"
    shutil.copytree(sample.home, home, symlinks=True)
    shutil.copytree(sample.landing, landing)
    _speak_of_them_elsewhere(home)
    before = _tables(home / "published")
    assert _places(home), "the person was there"
    _stop_half_way(home, landing)
    answer = command("forget", ADDRESS.upper(), "--home", home, "--landing", landing, "--config", CONFIG)
    assert answer.returncode == 0, answer.stderr
    return Erasure(home, landing, before, _tables(home / "published"), answer.stdout, answer.stderr)


def test_nothing_below_home_holds_the_person(erasure: Erasure) -> None:
    assert _places(erasure.home) == []


def test_every_other_number_is_unchanged(erasure: Erasure) -> None:
    assert set(erasure.after) == set(erasure.before)
    for table, rows in erasure.before.items():
        assert erasure.after[table] == rows, table


def test_rows_stay_with_their_ids_and_say_that_they_were_erased(erasure: Erasure) -> None:
    rows = rows_of(erasure.published.resolve(), f"select email, industry, name from dim_lead where lead_id = '{LEAD}'")
    assert len(rows) == 1
    email, industry, name = rows[0]
    assert name.startswith("erased-")
    assert email.startswith("erased-")
    assert email.endswith("@erased.invalid")
    assert industry == "Manufacturing"


def test_every_kept_release_is_whole_and_certified(erasure: Erasure) -> None:
    releases = [folder for folder in (erasure.home / "releases").iterdir() if not folder.name.startswith(".")]
    assert len(releases) == 2
    for release in releases:
        assert find_damage(release) is None
        (told,) = read_certificate(release)["erasures"]
        assert (told["raw_files"], told["raw_rows"], told["quarantined_rows"]) == (2, 2, 1)
        assert set(told) == {"reference", "erased_at", "raw_files", "raw_rows", "quarantined_rows"}


def test_the_rejected_line_is_blank_and_keeps_its_reason(erasure: Erasure) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(
            "select line, reason, text from read_parquet(?, hive_partitioning = false) where object = 'contact'",
            [str(erasure.home / "quarantine" / "*" / "*" / "*" / "*.parquet")],
        ).fetchall()
    assert found == [(1037, "it has 14 fields, and the header has 13", "(erased)")]


def test_landing_files_are_named_and_left_alone(erasure: Erasure) -> None:
    named = [line.strip() for line in erasure.warned.splitlines() if line.startswith("  ")]
    assert named == ["salesforce/contact/contact_2026-11-08.csv.gz", "salesforce/lead/lead_2026-11-08.csv.gz"]
    for path in PROJECT.joinpath("sample", "landing").rglob("*.gz"):
        assert (erasure.landing / path.relative_to(PROJECT / "sample" / "landing")).read_bytes() == path.read_bytes()


def test_who_is_delivered_again_stays_forgotten(erasure: Erasure, tmp_path: Path) -> None:
    """The lead under a new address, a stranger's opportunity that names them, and another person: only the last is read as it is."""
    home, landing = tmp_path / "home", tmp_path / "landing"
    shutil.copytree(erasure.home, home, symlinks=True)
    shutil.copytree(erasure.landing, landing)
    header = "Id,FirstName,LastName,Name,Email,Title,CreatedDate,LastModifiedDate"
    stamp = "2026-11-22T09:00:00.000Z,2026-11-22T09:00:00.000Z"
    lines = [
        header,
        f"{LEAD[:15]},Lucía,Navarro,{NAME},other.address@windview.example,VP,{stamp}",
        f"00QKd00000ZZZZZ,Somebody,Else,Somebody Else,somebody.else@windview.example,CFO,{stamp}",
    ]
    (landing / "salesforce" / "lead" / "lead_2026-11-22_late.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (landing / "salesforce" / "opportunity" / "opportunity_2026-11-22_late.csv").write_text(
        f"Id,StageName,Name\n006Kd00000ZZZZZ,Discovery,Renewal with Navarro; Lucía ({ADDRESS})\n", encoding="utf-8"
    )
    answer = command("run", "--home", home, "--landing", landing, "--config", CONFIG)
    assert answer.returncode in (0, 3), answer.stderr
    assert _places(home) == []
    with duckdb.connect() as connection:
        found = connection.execute(
            "select Id, Name, Email from read_parquet(?, hive_partitioning = false, union_by_name = true) "
            "where _file like '%_late.csv' order by Id",
            [str(home / "raw" / "salesforce" / "lead" / "*" / "*.parquet")],
        ).fetchall()
    assert found[1] == ("00QKd00000ZZZZZ", "Somebody Else", "somebody.else@windview.example")
    key, name, email = found[0]
    assert key == LEAD[:15]
    assert name.startswith("erased-")
    assert email.endswith("@erased.invalid")


def test_an_address_that_nothing_holds_changes_nothing(erasure: Erasure) -> None:
    for address, words in (
        ("nobody@nowhere.example", "holds this address"),
        (ADDRESS, "forgotten before"),
        ("nobody", "not an e-mail"),
    ):
        answer = command("forget", address, "--home", erasure.home, "--landing", erasure.landing, "--config", CONFIG)
        assert answer.returncode == 2
        assert words in answer.stderr
        assert ADDRESS not in answer.stderr


def _stop_half_way(home: Path, landing: Path) -> None:
    """An attempt that is killed after the first raw file it changed; its command takes it up again."""

    class Killed(BaseException):
        pass

    settings = settings_for(home, landing, CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("erasure.raw._erase_quarantine", _raising(Killed))
        with pytest.raises(Killed):
            forget(settings, load_sales_process(CONFIG), ADDRESS)
    assert unfinished_erasure(settings.raw) is not None


def _raising(error: type[BaseException]) -> Callable[..., int]:
    calls = count(1)

    def raise_at_the_40th(*_: object) -> int:
        if next(calls) == 40:
            raise error
        return 0

    return raise_at_the_40th


def _speak_of_them_elsewhere(home: Path) -> None:
    """What a fault of some tool could have left: a line in a log, a value in Dagster's history, a packed file, a freed page."""
    with (home / "logs" / "dbt.log").open("a", encoding="utf-8") as log:
        log.write(f"could not send to {ADDRESS} ({NAME})\n")
    with sqlite3.connect(home / "dagster" / "history" / "runs.db") as connection:
        connection.execute("create table left_over (body text)")
        connection.execute("insert into left_over values (?)", [json.dumps({"to": ADDRESS})])
    connection.close()
    (home / "build" / "landing").mkdir(exist_ok=True)
    (home / "build" / "landing" / "killed.unpacked.gz").write_bytes(gzip.compress(ADDRESS.encode("utf-16")))


def _tables(published: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every published table without the columns that tell of a person; `ops_run` and `ops_check` tell of the run."""
    release = published.resolve()
    tables = {}
    for (table,) in rows_of(release, "select table_name from duckdb_tables() where schema_name = 'marts'"):
        if table not in ("ops_run", "ops_check"):
            left_out = PERSONAL.get(table)
            columns = f"* exclude ({', '.join(sorted(left_out))})" if left_out else "*"
            tables[table] = rows_of(release, f"select {columns} from {table} order by all")
    return tables


def _places(home: Path) -> list[str]:
    """Every file whose bytes, unpacked bytes or cells hold the address or the full name, in any writing."""
    words = [text for word in (ADDRESS, NAME, "Navarro, Lucía") for text in (word, word.lower(), word.upper())]
    needles = {text.encode(encoding) for text in words for encoding in ("utf-8", "utf-16-le", "utf-16-be", "unicode_escape")}
    return [
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and any(needle in content for content in _contents(path) for needle in needles)
    ]


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    yield content.lower()
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            yield str(connection.execute("from read_parquet(?, hive_partitioning = false)", [str(path)]).fetchall()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect() as connection:
            connection.execute("attach ? as looked_at (read_only)", [str(path)])
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'looked_at'"
            ).fetchall()
            for schema, table in tables:
                yield str(connection.execute(f'from looked_at."{schema}"."{table}"').fetchall()).encode()
