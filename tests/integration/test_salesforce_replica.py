"""A warehouse's Salesforce tables read as they are, by a config alone: files without dates, hashed stage names, odd on purpose.

Assumption guarded: real column names and shapes (fivetran/dbt_salesforce's integration-test seeds, with dozens of columns that
we do not declare) match our declarations, and every delivered row is accounted for. Broken by: ingestion/systems/salesforce.py,
ingestion/columns.py, the landing's `files:` and `extracted_on:` options, history mode in stg_salesforce__opportunity_history.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from nights import PROJECT, SHARED_DATA, build_rows, night, rows

from funnelcast.settings import Settings

pytestmark = pytest.mark.long

FOLDER = SHARED_DATA / "salesforce_replica"
OBJECTS = ("account", "contact", "event", "lead", "opportunity", "opportunity_history", "task", "user", "user_role")


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is not there")
    home = tmp_path_factory.mktemp("replica") / "home"
    return night(home, FOLDER, PROJECT / "config" / "examples" / "salesforce_replica.yml")


def test_every_delivered_row_is_accounted_for(replica: Settings) -> None:
    """P1: the rows of each file, counted by Python's own reader, are loaded, and in staging."""
    found = rows(
        replica.home,
        "select file, extracted_at, rows_delivered, rows_loaded, rows_quarantined, rows_staged + rows_duplicate + rows_set_aside "
        "from ops_file where outcome = 'loaded'",
    )
    extracted_at = datetime(2019, 12, 1)
    assert sorted(found) == sorted(
        (f"{name}.csv", extracted_at, rows_in, rows_in, 0, rows_in)
        for name in OBJECTS
        for rows_in in [_rows_in(FOLDER / f"{name}.csv")]
    )
    assert rows(replica.home, "select count(*) from ops_set_aside") == [(0,)]


def test_a_file_that_no_object_takes_is_told(replica: Settings) -> None:
    found = rows(replica.home, "select file, reason from ops_file where outcome = 'ignored'")
    assert [file for file, _ in found] == ["account_history.csv"]
    assert "no object takes it" in found[0][1]


def test_raw_keeps_every_column_as_delivered(replica: Settings) -> None:
    """Unknown columns are kept, as text, in the order of the file; so are the values of known ones."""
    for name in OBJECTS:
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            header, *lines = list(csv.reader(stream))
        (parquet,) = (replica.raw / "salesforce" / name).rglob("*.parquet")
        columns = ", ".join(f'"{column}"' for column in header)
        kept = build_rows(replica, f"select {columns} from read_parquet('{parquet}')")
        assert [["" if value is None else value for value in row] for row in kept] == lines


def test_hashed_stages_are_mapped_by_the_config(replica: Settings) -> None:
    """All ten deals are deleted in the CRM: they stay, in the stage they had, and count nowhere else."""
    found = rows(
        replica.home,
        "select status, stage, count(*), sum(amount), min(created_on) from fct_opportunity group by all order by 2",
    )
    assert found == [
        ("deleted", "lost", 4, Decimal("200001.00"), date(2018, 10, 31)),
        ("deleted", "open", 1, Decimal("210000.00"), date(2018, 12, 18)),
        ("deleted", "won", 5, Decimal("24120000.00"), date(2018, 12, 10)),
    ]
    assert rows(replica.home, "select sum(won), sum(lost), sum(opportunities) from fct_velocity") == [(0, 0, 0)]
    assert rows(replica.home, "select count(*) from fct_stage_funnel") == [(0,)]
    assert rows(replica.home, "select sum(open_count) from fct_pipeline_daily where is_unfinished") == [(0,)]


def test_history_mode_begins_later_than_the_deals(replica: Settings) -> None:
    """The first sync found them long made. One was won on the day of its creation, says its record; the other was open since then."""
    found = rows(
        replica.home,
        "select stage, entered_at, entry_evidence from fct_stage_visit where opportunity_id in ('006q000000HddohAAB', '006q000000HdOhuAAF') "
        "order by entered_at, visit_number",
    )
    assert found == [
        ("open", datetime(2018, 12, 18, 17, 56, 5), "created"),
        ("open", datetime(2018, 12, 19, 19, 51, 13), "created"),
        ("won", datetime(2018, 12, 19, 19, 51, 13), "record"),
    ]


def test_deals_that_the_first_sync_finds_closed_were_closed_on_the_crms_day(replica: Settings) -> None:
    """All nine: the close date of the CSV, or the creation where that date lies before it. None waits for the sync of 2019."""
    with (FOLDER / "opportunity_history.csv").open(encoding="utf-8", newline="") as stream:
        told = [row for row in csv.DictReader(stream) if row["is_closed"] == "true"]
    expected = {row["id"]: max(row["close_date"][:10], row["created_date"][:10]) for row in told}
    found = rows(
        replica.home,
        "select opportunity_id, entered_on::varchar, entry_evidence from fct_stage_visit where phase in ('won', 'lost')",
    )
    assert sorted(found) == sorted((deal, day, "record") for deal, day in expected.items())
    assert len(found) == 9


def test_members_that_only_a_deal_names_are_placeholders(replica: Settings) -> None:
    """FAULTS 27: owners and accounts are hashed in the deals and not in their own tables."""
    unknown = rows(
        replica.home,
        "select count(*) from fct_opportunity as deal join dim_rep as rep on deal.owner_id = rep.rep_id where rep.is_placeholder",
    )
    assert unknown == [(10,)]
    assert rows(replica.home, "select count(*) from dim_rep where not is_placeholder") == [(10,)]


def test_activities_of_the_replica(replica: Settings) -> None:
    """Ten finished tasks; of ten events six are calls and four meetings, all on 11 November 2019."""
    found = rows(
        replica.home,
        "select sum(tasks), sum(calls), sum(meetings_held), min(activity_date), max(activity_date) from fct_activity_daily",
    )
    assert found == [(10, 6, 4, date(2019, 11, 11), date(2019, 11, 11))]


def _rows_in(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.DictReader(stream))
