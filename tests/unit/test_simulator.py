"""The example company: the simulator repeats itself to the byte, and the sample is what its truth.json says.

The sample is read back with the csv and json modules only, so that nothing of Funnelcast vouches for itself.
"""

import csv
import gzip
import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator import Company, Histories, simulate, truth_of, write_extracts
from simulator.extracts import Delivery
from simulator.hazards import risk_tables
from simulator.identifiers import checksum, salesforce_id
from simulator.truth import rounded

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample"
SMALL = replace(Company(), scale=0.1, history_starts_on=date(2026, 9, 1), in_flight_days=30)
NEW_YORK = ZoneInfo("America/New_York")
OPEN = {"Discovery", "Qualified", "Demo", "Proposal", "Negotiation", "Verbal"}
KEYS = {"Verbal": "negotiation", "Closed Won": "won", "Closed Lost": "lost"}

Row = dict[str, Any]
Files = dict[str, dict[str, list[Row]]]


@pytest.fixture(scope="module")
def truth() -> Row:
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def small() -> Histories:
    return simulate(SMALL, 7)


@pytest.fixture(scope="module")
def sample() -> Files:
    """Every delivered file's rows, by system/object and file."""
    found: Files = defaultdict(dict)
    for path in sorted((SAMPLE / "landing").rglob("*.*")):
        found[path.parent.relative_to(SAMPLE / "landing").as_posix()][path.name] = read(path)
    return found


def read(path: Path) -> list[Row]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    if ".jsonl" in path.name:
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines(keepends=True), strict=True))


def day_of(file: str) -> date:
    return date.fromisoformat(file.split(".")[0].removesuffix("_copy")[-10:])


def end_of(day: date) -> datetime:
    """The first instant after a day in company time."""
    following = day + timedelta(1)
    return datetime(following.year, following.month, following.day, tzinfo=NEW_YORK).astimezone(UTC)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def clean(files: dict[str, list[Row]], truth: Row, name: str) -> list[tuple[date, Row]]:
    """Rows in order of delivery, with their extract dates, without those that must not be loaded."""
    spoilt = {
        (spot["file"], record_id)
        for spot in truth["delivered"]["dirty"]
        if spot["object"] == name and spot["expected"] in ("set_aside", "quarantined")
        for record_id in spot["record_ids"]
    }
    rows = []
    for file in sorted(files, key=day_of):
        if "_copy" not in file:
            for row in files[file]:
                if (file, next(iter(row.values()))) not in spoilt:
                    rows.append((day_of(file), row))
    return rows


def by_id(rows: list[Row]) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[next(iter(row.values()))].append(row)
    return found


def latest(files: dict[str, list[Row]], truth: Row, name: str) -> dict[str, Row]:
    """The newest version of every record."""
    return {row["Id"]: row for _, row in clean(files, truth, name)}


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    digests = []
    for number in (1, 2):
        out = tmp_path / str(number)
        code = (
            "from dataclasses import replace; from datetime import date; from pathlib import Path\n"
            "from simulator import *\n"
            "company = replace(Company(), scale=0.1, history_starts_on=date(2026, 9, 1), in_flight_days=30)\n"
            f"histories = simulate(company, 7); out = Path({str(out)!r})\n"
            "write_truth(histories, write_extracts(histories, out / 'landing'), out / 'truth.json')\n"
        )
        environment = {
            "PYTHONHASHSEED": str(number),
            "TZ": ("UTC", "Asia/Tokyo")[number - 1],
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        files = sorted(path for path in out.rglob("*") if path.is_file())
        assert len(files) > 50
        digests.append([(p.relative_to(out), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files])
    assert digests[0] == digests[1]


def test_another_seed_gives_another_company(small: Histories) -> None:
    other = simulate(SMALL, 2)
    assert [deal.birth.at for deal in small.deals] != [deal.birth.at for deal in other.deals]


def test_the_committed_truth_is_what_the_simulator_says_today(truth: Row) -> None:
    """Whoever changes the simulator regenerates the sample (`make sample`)."""
    now = json.loads(json.dumps(rounded(truth_of(simulate(Company(), truth["seed"]), Delivery({})))))
    for section in sorted(set(now) - {"delivered"}):
        assert now[section] == truth[section], section


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 4_500_000


def test_every_file_has_the_rows_that_the_truth_counts(sample: Files, truth: Row) -> None:
    counted = {name: {f: len(rows) for f, rows in files.items()} for name, files in sample.items()}
    assert counted == {name: entry["files"] for name, entry in truth["delivered"]["objects"].items()}


def test_dirty_rows_are_where_the_truth_says_and_few(sample: Files, truth: Row) -> None:
    dirty: Counter[str] = Counter()
    indexed: dict[str, dict[str, list[Row]]] = {}
    for spot in truth["delivered"]["dirty"]:
        dirty[spot["object"]] += spot["rows"] if spot["expected"] != "repeat" else 0
        if spot["file"] not in indexed:
            indexed[spot["file"]] = by_id(sample[spot["object"]][spot["file"]])
        found = [indexed[spot["file"]][record_id] for record_id in spot["record_ids"]]
        assert all(found), spot["kind"]
        if spot["kind"] == "too many fields":
            assert all(None in versions[0] for versions in found)
        elif spot["kind"] == "repeated row":
            assert all(versions[0] == versions[1] and len(versions) == 2 for versions in found)
        elif spot["kind"] != "repeated file":
            assert [str(versions[0][spot["column"]]) for versions in found] == spot["values"]
    for name, rows in dirty.items():
        assert rows <= 0.003 * truth["delivered"]["objects"][name]["rows"], name
    copies = {file for files in sample.values() for file in files if "_copy" in file}
    assert copies == {spot["file"] for spot in truth["delivered"]["dirty"] if spot["expected"] == "repeat"}


def test_spoilt_opportunities_come_again_clean(sample: Files, truth: Row) -> None:
    files = sample["salesforce/opportunity"]
    assert len(latest(files, truth, "salesforce/opportunity")) == truth["opportunities"]["created"]
    assert all(
        float(row["Amount"] or 0) >= 0 and date.fromisoformat(row["CloseDate"])
        for _, row in clean(files, truth, "salesforce/opportunity")
    )


def test_opportunities_end_as_the_truth_counts(sample: Files, truth: Row) -> None:
    counted: Counter[str] = Counter()
    amounts: dict[str, float] = defaultdict(float)
    closed_at = {
        row["OpportunityId"]: instant(row["CreatedDate"])
        for _, row in clean(sample["salesforce/opportunity_history"], truth, "salesforce/opportunity_history")
        if row["StageName"] == "Closed Won"
    }
    for row in latest(sample["salesforce/opportunity"], truth, "salesforce/opportunity").values():
        status = "won" if row["IsWon"] == "true" else "lost" if row["IsClosed"] == "true" else "open"
        counted["deleted" if row["IsDeleted"] == "true" else status] += 1
        if status == "won":
            amounts[closed_at[row["Id"]].astimezone(NEW_YORK).strftime("%Y-%m")] += float(row["Amount"] or 0)
    expected = truth["opportunities"]
    assert counted == {status: expected[status] for status in ("won", "lost", "open", "deleted")}
    assert {month: round(total, 2) for month, total in amounts.items()} == expected["won_amount_by_month"]


def test_history_holds_the_visits_that_the_truth_counts(sample: Files, truth: Row) -> None:
    paths: dict[str, list[str]] = defaultdict(list)
    rows = {
        row["Id"]: row for _, row in clean(sample["salesforce/opportunity_history"], truth, "salesforce/opportunity_history")
    }
    for row in sorted(rows.values(), key=lambda row: (row["CreatedDate"], row["Id"])):
        path = paths[row["OpportunityId"]]
        key = KEYS.get(row["StageName"], row["StageName"].lower())
        if not path or path[-1] != key:
            path.append(key)
    assert Counter(key for path in paths.values() for key in path) == truth["visits"]["by_stage"]
    steps = Counter(f"{one} > {other}" for path in paths.values() for one, other in pairwise(path))
    assert steps == truth["visits"]["transitions"]


def test_leads_emails_and_tasks_are_what_the_truth_counts(sample: Files, truth: Row) -> None:
    leads = latest(sample["salesforce/lead"], truth, "salesforce/lead").values()
    assert Counter(row["LeadSource"] for row in leads) == truth["leads"]["by_source"]
    assert Counter(row["Status"] for row in leads) == truth["leads"]["by_status"]
    assert sum(row["Email"] == "" for row in leads) == truth["leads"]["blank_email"]
    assert sum("\n" in row["Company"] for row in leads) == truth["leads"]["company_name_with_line_break"]
    emails = {row["event_id"]: row for _, row in clean(sample["generic/email_event"], truth, "generic/email_event")}
    assert Counter(row["event_type"] for row in emails.values()) == truth["emails"]["by_type"]
    tasks = latest(sample["salesforce/task"], truth, "salesforce/task").values()
    assert Counter(row["TaskSubtype"] for row in tasks) == truth["activities"]["tasks_by_subtype"]
    assert all(row["WhoId"][:3] in ("00Q", "003") for row in tasks)


@pytest.mark.parametrize(
    "name",
    [
        "account",
        "contact",
        "lead",
        "opportunity",
        "opportunity_line_item",
        "task",
        "event",
        "forecasting_quota",
    ],
)
def test_a_delta_holds_what_changed_since_the_night_before(sample: Files, truth: Row, name: str) -> None:
    files = sample[f"salesforce/{name}"]
    first = min(map(day_of, files))
    for day, row in clean(files, truth, f"salesforce/{name}"):
        changed = instant(row["SystemModstamp"])
        assert changed < end_of(day)
        assert day == first or changed >= end_of(day - timedelta(1))


def test_an_opportunity_is_delivered_as_it_stood_that_night(sample: Files, truth: Row) -> None:
    history: dict[str, list[Row]] = defaultdict(list)
    for _, row in clean(sample["salesforce/opportunity_history"], truth, "salesforce/opportunity_history"):
        history[row["OpportunityId"]].append(row)
    seen_open_then_closed = 0
    states: dict[str, str] = {}
    for day, row in clean(sample["salesforce/opportunity"], truth, "salesforce/opportunity"):
        known = [saved for saved in history[row["Id"]] if instant(saved["CreatedDate"]) < end_of(day)]
        last = max(known, key=lambda saved: (saved["CreatedDate"], saved["Id"]))
        for column in ("StageName", "Amount", "CloseDate", "Probability"):
            assert row[column] == last[column]
        seen_open_then_closed += states.get(row["Id"]) == "false" and row["IsClosed"] == "true"
        states[row["Id"]] = row["IsClosed"]
    assert seen_open_then_closed > 20


def test_full_objects_are_whole_each_time(sample: Files, truth: Row) -> None:
    users = sample["salesforce/user"]
    sizes = [len(users[file]) for file in sorted(users)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == truth["team"]["users"]
    teams = [{row["Name"]: row["Team__c"] for row in users[file]} for file in sorted(users)]
    for name, change in truth["team"]["changed_team"].items():
        assert (teams[0][name], teams[-1][name]) == (change["from"], change["to"])


def test_the_stated_stage_probabilities_and_days_hold() -> None:
    company = Company()
    tables = risk_tables(company)
    for s, segment in enumerate(company.segments):
        for k, stage in enumerate(company.stages):
            forward, lost, back = tables.forward[s, k], tables.lost[s, k], tables.back[s, k]
            total = forward + lost + back
            alive = np.exp(-np.concatenate([[0.0], np.cumsum(total)[:-1]]))
            leaving = alive * (1 - np.exp(-total))
            share_lost = float((leaving[1:] * lost[1:] / total[1:]).sum())
            assert share_lost == pytest.approx(stage.lost * segment.losing, abs=1e-6)
            days = float((np.arange(len(total)) * leaving).sum())
            assert days == pytest.approx(stage.mean_days * segment.pace, rel=1e-4)


def test_ids_end_in_the_checksum_of_real_ones() -> None:
    made = salesforce_id("006", 12345)
    assert len(made) == 18
    for real in ("0061G00000N38JZQAZ", "0051G000005Mun4QAC", "00T1G00003Ufap9UAB"):
        assert checksum(real[:15]) == real[15:]


def test_a_folder_with_other_files_is_refused_by_name(small: Histories, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a\n1\n")
    with pytest.raises(FileExistsError, match=r"mine\.csv"):
        write_extracts(small, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
