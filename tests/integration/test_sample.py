"""The shipped example company: what is published is what its simulator says is true, however and whenever it was delivered.

Assumption guarded: 120 dirty, repeated and corrected Salesforce extracts end in the counts of the events that made them
(sample/truth.json is written from those events, never from the files), and P4 and P5 of FAULTS.md: the same deliveries in
any order end in the same digests, and so does a rebuild from raw/ alone.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from nights import PROJECT, build_rows, command, digests, night, rows

from funnelcast.sales_process import SCOPES
from funnelcast.settings import Settings
from ingestion.landing import extract_date_in_name
from publishing.run_log import read_runs

LANDING = PROJECT / "sample" / "landing"
CONFIG = PROJECT / "config" / "sales_process.yml"
TRUTH: dict[str, Any] = json.loads((PROJECT / "sample" / "truth.json").read_text(encoding="utf-8"))
MIDDLE = date(2026, 11, 15)


@pytest.fixture(scope="module")
def until_the_middle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, str]]:
    """A home that was delivered only the first week's files, and its digests then."""
    folder = tmp_path_factory.mktemp("delivered_late")
    for path in _files(lambda day: day <= MIDDLE):
        _copy(path, folder / "landing" / path.relative_to(LANDING))
    settings = night(folder / "home", folder / "landing", CONFIG)
    return settings, digests(settings.home)


# What is published is true


def test_deals_by_status(sample: Settings) -> None:
    truth = TRUTH["opportunities"]
    found = dict(rows(sample.home, "select status, count(*) from fct_opportunity group by 1"))
    assert found == {status: truth[status] for status in ("won", "lost", "open", "deleted")}
    assert sum(found.values()) == truth["created"]


def test_the_forecast_is_of_the_companys_fiscal_quarters_and_years(sample: Settings) -> None:
    """The fiscal year begins in February. Wins and quotas are added up from the deals and from the delivered files themselves."""
    start, end = date(2026, 11, 1), date(2027, 1, 31)
    newest: dict[str, tuple[str, Decimal]] = {}
    for path in sorted((LANDING / "salesforce" / "forecasting_quota").iterdir()):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            newest |= {row["Id"]: (row["StartDate"], Decimal(row["QuotaAmount"])) for row in csv.DictReader(file)}
    quota = sum(amount for month, amount in newest.values() if start <= date.fromisoformat(month) <= end)
    won = rows(
        sample.home,
        f"select sum(amount) from fct_opportunity where status = 'won' and closed_on between '{start}' and '{end}'",
    )
    assert rows(
        sample.home,
        "select period_end, won_so_far, quota from fct_forecast"
        f" where is_latest and scope = 'company' and period_type = 'fiscal_quarter' and period_start = '{start}'",
    ) == [(end, won[0][0], quota)]
    for table in ("fct_forecast", "fct_forecast_accuracy"):
        found = {row[0] for row in rows(sample.home, f"select distinct period_type from {table}")}
        assert found == {"week", "month", "fiscal_quarter", "fiscal_year"}
    assert rows(sample.home, "select min(period_start) from rpt_capacity_plan") == [(start,)]


def test_a_part_of_the_company_is_called_alike_in_every_table(sample: Settings) -> None:
    """Whoever joins two tables on scope and scope_id finds the part, by one name; a rep's is the newest that was delivered."""
    tables = [
        row[0]
        for row in rows(
            sample.home, "select table_name from duckdb_columns() where column_name = 'scope' and schema_name = 'marts'"
        )
    ]
    assert len(tables) == 11
    parts = {part for table in tables for part in rows(sample.home, f"select scope, scope_id, scope_name from {table}")}
    assert {scope for scope, _, _ in parts} == set(SCOPES)
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for scope, key, name in parts:
        names[scope, key].add(name)
    assert {key: found for key, found in names.items() if len(found) > 1} == {}
    assert names["company", "all"] == {"all"}
    newest: dict[str, str] = {}
    for path in sorted((LANDING / "salesforce" / "user").iterdir()):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            newest |= {row["Id"]: row["Name"].strip() for row in csv.DictReader(file)}
    reps = {key: found for (scope, key), found in names.items() if scope == "rep" and key in newest}
    assert len(reps) > 20
    assert reps == {key: {newest[key]} for key in reps}


def test_tables_join_as_the_list_of_relations_says(sample: Settings) -> None:
    listed = (PROJECT / "docs" / "relations.md").read_text(encoding="utf-8")
    relations = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", listed, flags=re.MULTILINE)
    assert len(relations) > 20
    for table, column, other, key in relations:
        ((told, lost),) = rows(
            sample.home,
            f"select count({column}), count(*) filter ({column} not in (select {key} from {other} where {key} is not null))"
            f" from {table}",
        )
        assert told > 0, f"{table}.{column}"
        assert lost == 0, f"{table}.{column} is not in {other}.{key}"
        assert rows(sample.home, f"select count(*) - count(distinct {key}) from {other}") == [(0,)], f"{other}.{key}"


@pytest.mark.parametrize(
    ("told", "sql"),
    [
        ("created_by_month", "select strftime(created_on, '%Y-%m'), count(*) from fct_opportunity group by 1"),
        (
            "won_by_month",
            "select strftime(closed_on, '%Y-%m'), count(*) from fct_opportunity where status = 'won' group by 1",
        ),
        (
            "lost_by_month",
            "select strftime(closed_on, '%Y-%m'), count(*) from fct_opportunity where status = 'lost' group by 1",
        ),
        ("open_by_stage", "select stage, count(*) from fct_opportunity where status = 'open' group by 1"),
    ],
)
def test_deals_by_month_and_stage(sample: Settings, told: str, sql: str) -> None:
    """Months are New York's."""
    assert dict(rows(sample.home, sql)) == TRUTH["opportunities"][told]


def test_money_won_month_by_month(sample: Settings) -> None:
    truth = {month: _money(amount) for month, amount in TRUTH["opportunities"]["won_amount_by_month"].items()}
    by_deal = "select strftime(closed_on, '%Y-%m'), sum(amount) from fct_opportunity where status = 'won' group by 1"
    by_period = """
        select strftime(period_start, '%Y-%m'), won_amount from fct_velocity
        where scope = 'company' and period_type = 'month' and won > 0
    """
    by_rep = """
        select strftime(period_start, '%Y-%m'), sum(won_amount) from fct_velocity
        where scope = 'rep' and period_type = 'month' group by 1 having sum(won) > 0
    """
    for sql in (by_deal, by_period, by_rep):
        assert dict(rows(sample.home, sql)) == truth


def test_the_open_pipeline(sample: Settings) -> None:
    truth = (TRUTH["opportunities"]["open"], _money(TRUTH["opportunities"]["open_amount"]))
    today = "select sum(open_count), sum(open_amount) from fct_pipeline_daily where is_unfinished"
    assert rows(sample.home, today) == [truth]
    assert rows(sample.home, "select count(*), sum(amount) from fct_opportunity where status = 'open'") == [truth]


def test_counts_of_the_deals_stories(sample: Settings) -> None:
    found = rows(
        sample.home,
        """
        select sum(reopened_times), sum(close_date_pushes), count(*) filter (where amount is null),
            count(*) filter (where amount is null and status = 'won'), count(lead_id),
            round(avg(epoch(closed_at) - epoch(created_at)) filter (where status = 'won') / 86400, 4)
        from fct_opportunity
        """,
    )
    names = ("reopened", "close_date_pushes", "without_amount", "won_without_amount", "from_leads", "mean_sales_cycle_days")
    assert dict(zip(names, found[0], strict=True)) == {name: TRUTH["opportunities"][name] for name in names}


def test_segments(sample: Settings) -> None:
    found = rows(
        sample.home,
        """
        select segment, count(*), count(*) filter (where status = 'won'), count(*) filter (where status = 'lost'),
            count(*) filter (where status = 'open'), count(*) filter (where status = 'deleted')
        from fct_opportunity group by 1
        """,
    )
    truth = TRUTH["opportunities"]["by_segment"]
    assert {segment: tuple(counts) for segment, *counts in found} == {
        segment: tuple(told[name] for name in ("created", "won", "lost", "open", "deleted"))
        for segment, told in truth.items()
    }


def test_every_visit_and_every_transition(sample: Settings) -> None:
    """The retired label 'Verbal' is the stage it was merged into: passing through it is no visit of its own."""
    truth = TRUTH["visits"]
    assert dict(rows(sample.home, "select stage, count(*) from fct_stage_visit group by 1")) == truth["by_stage"]
    transitions = (
        "select stage || ' > ' || next_stage, count(*) from fct_stage_visit where next_stage is not null group by 1"
    )
    assert dict(rows(sample.home, transitions)) == truth["transitions"]
    instants = "select stage, count(*) from fct_stage_visit where exited_at = entered_at group by 1"
    assert dict(rows(sample.home, instants)) == truth["of_no_duration"]
    days = """
        select stage, round(avg(epoch(exited_at) - epoch(entered_at)) / 86400, 4) from fct_stage_visit
        join dim_stage using (source_system, pipeline, stage) where is_open and exited_at is not null group by 1
    """
    assert dict(rows(sample.home, days)) == truth["mean_days_of_ended"]


def test_leads(sample: Settings) -> None:
    truth = TRUTH["leads"]
    found = rows(sample.home, "select count(*), count(converted_at), count(*) filter (where email is null) from dim_lead")
    assert found == [(truth["created"], truth["converted"], truth["blank_email"])]
    assert dict(rows(sample.home, "select source, count(*) from dim_lead group by 1")) == truth["by_source"]
    assert dict(rows(sample.home, "select status, count(*) from dim_lead group by 1")) == truth["by_status"]


def test_emails_by_type(sample: Settings) -> None:
    """All of them in the build; per rep and day each message once for each thing that happened to it."""
    truth = TRUTH["emails"]["by_type"]
    assert dict(build_rows(sample, "select event_type, count(*) from intermediate.int_email_event group by 1")) == truth
    names = ("sent", "delivered", "clicked", "replied", "bounced")
    sums = ", ".join(f"sum(emails_{name})" for name in names)
    assert dict(zip(names, rows(sample.home, f"select {sums} from fct_activity_daily")[0], strict=True)) == {
        name: truth[name] for name in names
    }


def test_calls_meetings_and_tasks(sample: Settings) -> None:
    truth = TRUTH["activities"]
    found = rows(
        sample.home,
        "select sum(calls), sum(emails_logged), sum(tasks), sum(meetings_booked), sum(meetings_held), sum(leads_created), "
        "sum(opportunities_won) from fct_activity_daily",
    )
    subtypes = truth["tasks_by_subtype"]
    assert found == [
        (
            subtypes["Call"],
            subtypes["Email"],
            # open tasks are not done yet
            subtypes["Task"] - truth["tasks_open"],
            truth["meetings"],
            truth["meetings_by_outcome"]["Held"],
            TRUTH["leads"]["created"],
            TRUTH["opportunities"]["won"],
        )
    ]


def test_every_delivered_row_is_accounted_for_as_planted(sample: Settings) -> None:
    """P1: per object, the rows delivered, set aside, quarantined and repeated are those that the simulator planted."""
    found = rows(
        sample.home,
        """
        select system || '/' || object, sum(rows_delivered), sum(rows_quarantined), sum(rows_set_aside),
            bool_and(rows_delivered = rows_loaded + rows_quarantined),
            bool_and(rows_loaded = rows_staged + rows_duplicate + rows_set_aside)
        from ops_file where outcome = 'loaded' group by 1
        """,
    )
    assert {name: tuple(counts) for name, *counts in found} == {
        name: (told["rows"] - told["rows_of_repeated_files"], told["quarantined"], told["set_aside"], True, True)
        for name, told in TRUTH["delivered"]["objects"].items()
    }


def test_events_told_twice_are_counted_duplicates(sample: Settings) -> None:
    found = rows(
        sample.home,
        "select system || '/' || object, sum(rows_duplicate) from ops_file where object in ('email_event', 'opportunity_history') group by 1",
    )
    assert dict(found) == {name: TRUTH["delivered"]["objects"][name]["identical_rows"] for name, _ in found}
    repeats = [planted["file"] for planted in TRUTH["delivered"]["dirty"] if planted["kind"] == "repeated file"]
    told = rows(sample.home, "select file, reason from ops_file where outcome = 'repeat'")
    assert [file.rsplit("/", 1)[1] for file, _ in told] == repeats
    assert all("the same bytes as" in reason for _, reason in told)


@pytest.mark.parametrize(
    "planted",
    [planted for planted in TRUTH["delivered"]["dirty"] if planted["expected"] == "set_aside"],
    ids=lambda planted: f"{planted['object']}: {planted['kind']}".replace("/", "."),
)
def test_what_was_planted_is_set_aside_with_column_and_value(sample: Settings, planted: dict[str, Any]) -> None:
    system, name = planted["object"].split("/")
    found = rows(
        sample.home,
        f"select problem_column, problem_value from ops_set_aside where system = '{system}' and object = '{name}' "
        f"and found_in = 'staging' and file like '%/{planted['file']}'",
    )
    column = planted["column"].replace("_", "").lower()
    assert sorted(value for at, value in found if at.replace("_", "") == column) == sorted(planted["values"])


def test_what_cannot_be_read_is_quarantined_with_its_line(sample: Settings) -> None:
    planted = [planted for planted in TRUTH["delivered"]["dirty"] if planted["expected"] == "quarantined"]
    found = rows(
        sample.home, "select file, row_number, problem, problem_value from ops_set_aside where found_in = 'landing'"
    )
    assert len(found) == sum(told["rows"] for told in planted)
    ids = [record_id for told in planted for record_id in told["record_ids"]]
    assert sorted(text[1:19] for _, _, _, text in found) == sorted(ids)
    assert all(line > 1 and reason.startswith("it has ") and "the header has" in reason for _, line, reason, _ in found)


# However and whenever it was delivered


def test_no_published_zero_has_a_sign(sample: Settings) -> None:
    """0.0 and -0.0 are equal to everybody but the digest: which of them a sum ends in depends on the order of adding."""
    doubles = rows(
        sample.home,
        "select table_name, column_name from information_schema.columns where table_schema = 'marts' and data_type in ('DOUBLE', 'FLOAT')",
    )
    signed = [
        (table, column)
        for table, column in doubles
        if rows(sample.home, f"select count(*) from {table} where cast(\"{column}\" as varchar) = '-0.0'")[0][0]
    ]
    assert len(doubles) > 50
    assert not signed


def test_a_second_run_says_that_nothing_is_new_and_changes_nothing(sample: Settings) -> None:
    before, release = digests(sample.home), sample.published.resolve()
    answer = command("run", "--home", sample.home, "--landing", LANDING, "--config", CONFIG)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Nothing new was delivered since the last run; what it published is whole and stays.")
    assert (digests(sample.home), sample.published.resolve()) == (before, release)
    assert read_runs(sample.home)[-1].outcome == "nothing_new"


@pytest.mark.long
def test_p4_another_order_other_names_and_twins_end_in_the_same_digests(
    sample: Settings, until_the_middle: tuple[Settings, dict[str, str]]
) -> None:
    """The second week arrives at once, the last day first, under other names, and some of the first week again."""
    settings, _ = until_the_middle
    later = _files(lambda day: day > MIDDLE)
    for number, path in enumerate(reversed(later)):
        folder = settings.landing / path.relative_to(LANDING).parent
        _copy(path, folder / f"{number:03} of the week, {path.name}")
    for number, path in enumerate(_files(lambda day: day <= MIDDLE)[::7]):
        folder = settings.landing / path.relative_to(LANDING).parent
        _copy(path, folder / f"again {number} {path.name}")
    night(settings.home, settings.landing, CONFIG)
    assert digests(settings.home) == digests(sample.home)
    assert rows(settings.home, "select count(*) > 10 from ops_file where outcome = 'repeat'") == [(True,)]


@pytest.mark.long
def test_p5_a_day_in_the_past_is_rebuilt_from_raw_alone_as_it_was_known_then(
    sample: Settings, until_the_middle: tuple[Settings, dict[str, str]], tmp_path: Path
) -> None:
    """Known then means known then: --as-of the 15th, with all files there, is the run of the 15th.

    The home holds nothing but raw/ and quarantine/, and the landing folder has been emptied (FAULTS 49).
    """
    home, landing = tmp_path / "home", tmp_path / "landing"
    landing.mkdir()
    for name in ("raw", "quarantine"):
        shutil.copytree(sample.home / name, home / name)
    night(home, landing, CONFIG, as_of=MIDDLE)
    assert rows(home, "select max(date_day) from dim_date where not is_future") == [(MIDDLE,)]
    assert digests(home) == until_the_middle[1]


@pytest.mark.long
def test_the_middle_is_not_the_end(sample: Settings, until_the_middle: tuple[Settings, dict[str, str]]) -> None:
    """Every table of facts tells more a week later, or the tests above would compare nothing."""
    facts = {name for name in digests(sample.home) if name.startswith("fct_")}
    assert {name for name in facts if digests(sample.home)[name] == until_the_middle[1][name]} == set()


def _files(wanted: Callable[[date], bool]) -> list[Path]:
    found = []
    for path in sorted(LANDING.rglob("*")):
        dated = extract_date_in_name(path.name) if path.is_file() else None
        if dated is not None and wanted(dated[0]):
            found.append(path)
    return found


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _money(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def test_the_truth_is_of_this_delivery() -> None:
    """A sample that was written anew without its truth, or the other way round, would make nonsense of this file."""
    assert TRUTH["delivered"]["files"] == sum(path.is_file() for path in LANDING.rglob("*"))
    newest = max(
        day
        for path in LANDING.rglob("*")
        if path.is_file()
        for day, _ in [extract_date_in_name(path.name) or (date.min, None)]
    )
    assert newest == datetime.fromisoformat(TRUTH["as_of"]).date()
