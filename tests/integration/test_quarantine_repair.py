"""`funnelcast quarantine` and `status` around a night that rejects and sets aside: what is told, repaired and delivered again.

Assumption guarded: a repair file is a delivery like any other, its helper columns are no data, and what a spreadsheet must be shown as
text comes back as it was. Broken by: ingestion/repair.py, publishing/quarantine.py, publishing/status.py, the raw views.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from nights import command, night, records, rows

from funnelcast.settings import Settings

pytestmark = pytest.mark.long

# D2's amount is negative, D3's line has one cell too many, D4's name is a formula and its date no date. The others are good.
_DEALS = """\
opportunity_id,stage,created_at,name,amount,Next Step
D1,prospecting,2026-11-01,Plain,100,call
D2,prospecting,2026-11-02,Negative,-250,call
D3,prospecting,2026-11-03,Too, many,300,call
D4,prospecting,04.11.2026,=1+1,400,'quoted'
D5,won,2026-11-05,+5 seats,500,@home
"""
FILE = "generic/opportunity/opportunity_2026-11-08.csv"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("repair")
    landing = folder / "landing"
    (landing / FILE).parent.mkdir(parents=True)
    (landing / FILE).write_text(_DEALS, encoding="utf-8")
    return night(folder / "home", landing)


@pytest.fixture(scope="module")
def told(first: Settings) -> dict[str, Any]:
    """What was told before anything was repaired."""
    quarantine = command("quarantine", "--home", first.home, "--json")
    status = command("status", "--home", first.home, "--json", "--verify")
    assert (quarantine.returncode, status.returncode) == (0, 0), quarantine.stderr + status.stderr
    on_disk = {
        path.lstat().st_ino: path.lstat().st_size for path in first.home.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    # A link to a folder is no file.
    links = sum(path.lstat().st_size for path in first.home.rglob("*") if path.is_symlink() and path.is_dir())
    return {
        "quarantine": json.loads(quarantine.stdout),
        "status": json.loads(status.stdout),
        "bytes": sum(on_disk.values()) - links,
    }


@pytest.fixture(scope="module")
def exported(first: Settings, told: dict[str, Any]) -> Path:
    folder = first.home.parent / "repair"
    assert told
    answer = command("quarantine", "--home", first.home, "--export", folder)
    assert answer.returncode == 0, answer.stderr
    return folder / "generic" / "opportunity" / "opportunity_2026-11-08_repaired.csv"


@pytest.fixture(scope="module")
def second(first: Settings, exported: Path) -> Settings:
    """Somebody repairs D2 and D3, leaves D4's date as it is, and delivers the file."""
    with exported.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        found, names = list(reader), reader.fieldnames or []
    by_line = {row["_line"]: row for row in found}
    by_line["row 2"]["amount"] = "250"
    by_line["line 4"].update(
        {"opportunity_id": "D3", "stage": "prospecting", "created_at": "2026-11-03", "name": "Too, many", "amount": "300"}
    )
    target = first.landing / "generic" / "opportunity" / exported.name
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(found)
    return night(first.home, first.landing)


def test_every_row_that_is_not_in_the_tables_is_told(told: dict[str, Any]) -> None:
    found = told["quarantine"]
    assert [(row["line"], row["column"], row["value"], row["state"]) for row in found["rows"]] == [
        ("row 2", "amount", "-250", "outstanding"),
        ("row 3", "created_at", "04.11.2026", "outstanding"),
        ("line 4", None, "D3,prospecting,2026-11-03,Too, many,300,call", "outstanding"),
    ]
    assert {row["file"] for row in found["rows"]} == {FILE}
    assert sum(row["outstanding"] for row in found["totals"]) == 3
    assert found["told_by"].startswith("release ")


def test_a_spreadsheet_shows_every_cell_as_text(exported: Path) -> None:
    """FAULTS 52, and a quote that was there before is still one afterwards."""
    with exported.open(encoding="utf-8", newline="") as file:
        header, *found = list(csv.reader(file))
    assert header == [
        "_reason",
        "_file",
        "_line",
        "_text",
        "opportunity_id",
        "stage",
        "created_at",
        "name",
        "amount",
        "Next Step",
    ]
    assert not [cell for row in found for cell in row if cell.startswith(("=", "+", "-", "@"))]
    by_line = {row[2]: row[4:] for row in found}
    assert by_line["row 2"] == ["D2", "prospecting", "2026-11-02", "Negative", "'-250", "call"]
    assert by_line["row 3"] == ["D4", "prospecting", "04.11.2026", "'=1+1", "400", "''quoted'"]
    assert by_line["line 4"] == [""] * 6, "cells that do not fit the columns are not guessed into them"


def test_repaired_rows_are_loaded_and_no_longer_outstanding(second: Settings) -> None:
    found = rows(second.home, "select opportunity_id, name, amount from fct_opportunity order by 1")
    assert [(key, name, float(amount)) for key, name, amount in found] == [
        ("D1", "Plain", 100),
        ("D2", "Negative", 250),
        ("D3", "Too, many", 300),
        ("D5", "+5 seats", 500),
    ]
    answer = command("quarantine", "--home", second.home, "--json")
    told = json.loads(answer.stdout)
    assert [(row["file"], row["line"], row["column"]) for row in told["rows"]] == [
        (FILE.replace(".csv", "_repaired.csv"), "row 2", "created_at")
    ], "what was delivered again and is still wrong is told once, in its new file"
    assert sum(row["repaired"] for row in told["totals"]) == 3
    with duckdb.connect(str(second.build_database), read_only=True) as connection:
        counted = connection.execute(
            "select file, found_in, row_number from accounting.repaired_row order by all"
        ).fetchall()
    assert counted == [(FILE, "landing", 4), (FILE, "staging", 2), (FILE, "staging", 3)], "what the gate no longer counts"


def test_helper_columns_are_no_data_and_cells_are_as_they_were(second: Settings) -> None:
    import duckdb

    with duckdb.connect(str(second.build_database), read_only=True) as connection:
        found = connection.execute(
            "select name, next_step, _extra from raw.generic__opportunity where _file like '%_repaired.csv' and opportunity_id = 'D4'"
        ).fetchall()
    assert found == [("=1+1", "'quoted'", None)]


def test_every_row_is_accounted_for_after_the_repair(second: Settings) -> None:
    found = records(
        second.home,
        "select rows_delivered, rows_loaded, rows_quarantined, rows_staged, rows_duplicate, rows_set_aside from ops_file order by file",
    )
    assert [tuple(row.values()) for row in found] == [(5, 4, 1, 2, 0, 2), (3, 3, 0, 2, 0, 1)]


def test_one_file_for_one_object_and_nothing_else(second: Settings, tmp_path: Path) -> None:
    answer = command("quarantine", "--home", second.home, "--export", tmp_path / "all.jsonl")
    assert answer.returncode == 0
    (line,) = (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["name"] == "'=1+1"
    assert command("quarantine", "--home", second.home, "--export", tmp_path / "all.xlsx").returncode == 2


def test_status_tells_what_stands_there(told: dict[str, Any]) -> None:
    found = told["status"]
    assert set(found) == {
        "version", "home", "home_bytes", "published", "run_in_progress_since", "last_run", "runs", "objects", "overdue",
        "not_in_tables", "forgotten_people", "unfinished_erasure",
    }  # fmt: skip
    assert found["version"] == 1
    assert found["published"]["as_of"] == "2026-11-08"
    assert (found["published"]["is_intact"], found["published"]["checked_by"]) == (True, "digests")
    assert (found["published"]["files_read"], found["published"]["rows_read"]) == (1, 5)
    assert found["last_run"]["outcome"] == "published"
    assert found["objects"] == [
        {
            "system": "generic",
            "object": "opportunity",
            "files": 1,
            "rows": 4,
            "newest_extract": "2026-11-08",
            "newest_files": [FILE],
            "newest_rows": 4,
            "age_days": 0,
            "usual_days_between": None,
            "longest_usual_days_between": None,
            "is_late": False,
        }
    ]
    assert found["not_in_tables"] == [{"system": "generic", "object": "opportunity", "rejected": 1, "set_aside": 2}]
    assert found["home_bytes"] == told["bytes"]


def test_status_loads_nothing_heavy(second: Settings) -> None:
    script = (
        "import sys, command.cli as cli; sys.argv = ['funnelcast', 'status', '--home', sys.argv[1]]; cli.answer(); "
        "print([m for m in ('dagster', 'dbt', 'great_expectations', 'pandas') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script, str(second.home)], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"
    assert "Published, as of 2026-11-08" in answer.stdout


def test_status_and_quarantine_of_nothing(tmp_path: Path) -> None:
    status = command("status", "--home", tmp_path / "none", "--json")
    assert (status.returncode, json.loads(status.stdout)["published"]) == (0, None)
    assert "Nothing is published." in command("status", "--home", tmp_path / "none").stdout
    assert "No row was rejected" in command("quarantine", "--home", tmp_path / "none").stdout
    assert not (tmp_path / "none").exists()
