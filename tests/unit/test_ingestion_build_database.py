"""The build database: what was delivered under its declared names, in ISO where the config declares a format, as known at T."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from funnelcast.errors import GateRefused, UsageError
from funnelcast.sales_process import SalesProcess
from funnelcast.settings import Settings
from ingestion.build_database import BuildInfo, make_build_database
from ingestion.land import land
from ingestion.process_tables import process_digest
from ingestion.systems import SYSTEMS

DEALS = "opportunity_id,stage\nO1,prospecting\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "landing").mkdir()
    (tmp_path / "home" / "build").mkdir(parents=True)
    return Settings(home=tmp_path / "home", landing=tmp_path / "landing", config=None)


def put(settings: Settings, name: str, content: str, modified: int = 1_700_000_000) -> None:
    path = settings.landing / "generic" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (modified, modified))


def make(settings: Settings, options: dict[str, Any] | None = None) -> BuildInfo:
    process = SalesProcess.model_validate(options or {})
    return make_build_database(settings, process, land(settings, process), "build-1")


def ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.build_database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_declared_object_has_its_view_with_every_column_as_text(settings: Settings) -> None:
    """DESIGN section 5: an object that was never delivered has an empty raw table with its declared columns."""
    put(settings, "opportunity/a_2026-11-21.csv", DEALS)
    make(settings)
    for system in SYSTEMS.values():
        for name, declared in system.objects.items():
            columns = dict(
                ask(
                    settings,
                    f"select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = '{system.name}__{name}'",
                )
            )
            assert {column.name for column in declared.columns} <= columns.keys()
            assert {columns[column.name] for column in declared.columns} == {"VARCHAR"}
            expected = 1 if name == "opportunity" and system.name == "generic" else 0
            assert ask(settings, f"select count(*) from raw.{system.name}__{name}") == [(expected,)]


def test_headers_of_every_kind_come_under_the_declared_names(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-20.csv", "Opportunity ID,Stage,Amount\nO1,won,1\n")
    put(settings, "opportunity/a_2026-11-21.csv", "amount,STAGE,property_opportunity_id\n2,lost,O2\n")
    put(settings, "opportunity/a_2026-11-22.jsonl", '{"opportunityId": "O3", "stage": "won", "amount": 3}\n')
    make(settings)
    assert ask(settings, "select opportunity_id, stage, amount from raw.generic__opportunity order by 1") == [
        ("O1", "won", "1"),
        ("O2", "lost", "2"),
        ("O3", "won", "3"),
    ]


def test_columns_that_are_not_declared_come_along_as_json(settings: Settings) -> None:
    put(
        settings,
        "opportunity/a_2026-11-21.csv",
        'opportunity_id,stage,Loss Reason,ARR (€),"it\'s ""odd""",extracted_on,_file\nO1,won,Price,5,x,then,mine\n',
    )
    make(settings)
    ((extra,),) = ask(settings, "select _extra from raw.generic__opportunity")
    assert json.loads(extra) == {
        "loss_reason": "Price",
        "arr_": "5",
        "it_s_odd_": "x",
        "extracted_on": "then",
        "_file": "mine",
    }


def test_a_column_that_no_table_holds_comes_along_under_the_declared_name(settings: Settings) -> None:
    """Whatever it was delivered as; a column of that very name that is another one keeps it."""
    put(settings, "opportunity/a_2026-11-21.csv", "opportunity_id,stage,Updated At,kind\nO1,won,2026-11-20,new\n")
    make(settings)
    assert ask(settings, "select updated_at, _extra from raw.generic__opportunity") == [
        ("2026-11-20", '{"kind":"new","updated_at":"2026-11-20"}')
    ]
    process = SalesProcess.model_validate({"objects": {"opportunity": {"columns": {"updated_at": "Last Edit"}}}})
    put(settings, "opportunity/a_2026-11-22.csv", "opportunity_id,stage,Updated At,Last Edit\nO1,won,never,2026-11-21\n")
    make(settings, process)
    ((extra,),) = ask(settings, "select _extra from raw.generic__opportunity where _file like '%22.csv'")
    assert json.loads(extra) == {"updated_at": "never", "last_edit": "2026-11-21"}


DAYS = st.dates(date(1970, 1, 1), date(2068, 12, 31))


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(DAYS, min_size=1, max_size=12), written=st.sampled_from(["%d-%m-%y", "%m/%d/%Y", "%d.%m.%Y", "%d %B %Y"])
)
def test_dates_in_the_declared_format_come_out_in_iso(
    tmp_path_factory: pytest.TempPathFactory, days: list[date], written: str
) -> None:
    folder = tmp_path_factory.mktemp("dates")
    (folder / "landing").mkdir()
    (folder / "home" / "build").mkdir(parents=True)
    settings = Settings(home=folder / "home", landing=folder / "landing", config=None)
    lines = "".join(f"O{number:03},won,{day.strftime(written)}\n" for number, day in enumerate(days))
    put(settings, "opportunity/a_2026-11-21.csv", "opportunity_id,stage,closed_at\n" + lines)
    make(settings, {"objects": {"opportunity": {"dates": written}}})
    found = ask(settings, "select closed_at from raw.generic__opportunity order by opportunity_id")
    assert [value for (value,) in found] == [day.isoformat() for day in days]


@pytest.mark.parametrize(
    ("written", "delivered", "expected"),
    [
        ("%d-%m-%y", "20-10-16", "2016-10-20"),
        # what does not fit stays as it was delivered, for staging to set aside
        ("%d-%m-%y", "31-11-16", "31-11-16"),
        ("%d-%m-%y", "2016-10-20", "2016-10-20"),
        ("%d-%m-%y", "", None),
        ("%d/%m/%Y %H:%M", "02/03/2026 14:30", "2026-03-02 14:30:00"),
    ],
)
def test_declared_dates(settings: Settings, written: str, delivered: str, expected: str | None) -> None:
    put(settings, "opportunity/a_2026-11-21.csv", f"opportunity_id,stage,closed_at\nO1,won,{delivered}\n")
    make(settings, {"objects": {"opportunity": {"dates": written}}})
    assert ask(settings, "select closed_at from raw.generic__opportunity") == [(expected,)]


@pytest.mark.parametrize(
    ("numbers", "delivered", "expected"),
    [
        ("1,234.5", "1,234,567.50", "1234567.50"),
        ("1,234.5", "1234.5", "1234.5"),
        ("1,234.5", "-12", "-12"),
        ("1.234,5", "1.234.567,50", "1234567.50"),
        ("1.234,5", "12,5", "12.5"),
        ("1 234,5", "1 234 567,5", "1234567.5"),
        # FAULTS 22: what does not fit is not guessed at, and marked, since it could be read as another number
        ("1,234.5", "1.234,50", "1.234,50\x1f"),
        ("1.234,5", "1,234.50", "1,234.50\x1f"),
        ("1,234.5", "$12k", "$12k\x1f"),
        ("1,234.5", "(300)", "(300)\x1f"),
        ("1,234.5", "12,34,56", "12,34,56\x1f"),
        ("1.234,5", "1.5", "1.5\x1f"),
        ("1,234.5", "", None),
    ],
)
def test_declared_numbers(settings: Settings, numbers: str, delivered: str, expected: str | None) -> None:
    put(
        settings,
        "opportunity/a_2026-11-21.jsonl",
        json.dumps({"opportunity_id": "O1", "stage": "won", "amount": delivered}) + "\n",
    )
    make(settings, {"objects": {"opportunity": {"numbers": numbers}}})
    ((found,),) = ask(settings, "select nullif(amount, '') from raw.generic__opportunity")
    assert found == expected


def test_constants_and_mapped_columns(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-21.csv", "deal,phase,owner\nO1,won,u1\n")
    make(
        settings,
        {
            "objects": {
                "opportunity": {
                    "columns": {"opportunity_id": "deal", "stage": "phase", "owner_id": "owner"},
                    "constants": {"currency": "E'U\"R"},
                }
            }
        },
    )
    assert ask(settings, "select opportunity_id, stage, owner_id, currency from raw.generic__opportunity") == [
        ("O1", "won", "u1", "E'U\"R")
    ]


def test_segment_and_team_columns_are_named_once(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-21.csv", "opportunity_id,stage,Segment__c\nO1,won,SMB\n")
    put(settings, "user/a_2026-11-21.csv", "user_id,name,Team__c\nu1,Ada,East\n")
    make(settings, {"segment_column": "segment__c", "team_column": "team__c"})
    assert ask(settings, "select segment from raw.generic__opportunity") == [("SMB",)]
    assert ask(settings, "select team from raw.generic__user") == [("East",)]


def test_as_of_is_the_newest_extract_and_not_the_clock(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-20.csv", DEALS)
    put(settings, "user/a_2026-11-21.csv", "user_id,name\nu1,Ada\n")
    info = make(settings, {"company": {"timezone": "America/New_York"}})
    assert info == BuildInfo("build-1", date(2026, 11, 21), datetime(2026, 11, 22, 5), 2, 2)
    assert ask(settings, "select build_id, as_of, as_of_end from config.run") == [
        ("build-1", date(2026, 11, 21), datetime(2026, 11, 22, 5))
    ]


def test_what_was_extracted_after_the_as_of_day_is_not_known(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-20.csv", DEALS)
    put(settings, "opportunity/a_2026-11-21.csv", DEALS + "O2,won\nbroken\n")
    info = make(settings.model_copy(update={"as_of": date(2026, 11, 20)}))
    assert (info.as_of, info.rows) == (date(2026, 11, 20), 1)
    assert ask(settings, "select count(*) from raw.generic__opportunity") == [(1,)]
    assert ask(settings, "select count(*) from accounting.quarantined_row") == [(0,)]
    assert ask(settings, "select file from accounting.delivered_file") == [("generic/opportunity/a_2026-11-20.csv",)]


@pytest.mark.parametrize(
    ("as_of", "words"),
    [("2026-11-19", "before the first extract; expected 2026-11-20"), ("2999-01-01", "in the future; expected")],
)
def test_an_as_of_day_that_nothing_is_known_of_is_usage(settings: Settings, as_of: str, words: str) -> None:
    put(settings, "opportunity/a_2026-11-20.csv", DEALS)
    with pytest.raises(UsageError, match=words):
        make(settings.model_copy(update={"as_of": date.fromisoformat(as_of)}))


def test_nothing_at_all_is_refused(settings: Settings) -> None:
    with pytest.raises(GateRefused, match="No extract was ever delivered"):
        make(settings)


def test_rows_of_a_superseded_file_are_marked(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-20.csv", DEALS)
    make(settings)
    put(settings, "opportunity/a_2026-11-20.csv", DEALS.replace("O1", "O9"), modified=1_700_000_100)
    make(settings)
    assert sorted(ask(settings, "select opportunity_id, _is_superseded from raw.generic__opportunity")) == [
        ("O1", True),
        ("O9", False),
    ]


@pytest.mark.parametrize("garbage", [b"", b"not a database", bytes(5000)])
def test_the_last_runs_database_whole_or_not_is_of_no_use(settings: Settings, garbage: bytes) -> None:
    """FAULTS 46."""
    put(settings, "opportunity/a_2026-11-20.csv", DEALS)
    settings.build_database.write_bytes(garbage)
    settings.build_database.with_name("build.duckdb.wal").write_bytes(garbage)
    make(settings)
    assert ask(settings, "select count(*) from raw.generic__opportunity") == [(1,)]


def test_the_digest_of_the_process_follows_its_content() -> None:
    empty = process_digest(SalesProcess())
    assert process_digest(SalesProcess.model_validate({})) == empty
    assert process_digest(SalesProcess.model_validate({"company": {"currency": "EUR"}})) != empty


def _text_of_moment(day: str, timezone: str, clock: str, fold: int) -> str:
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(timezone), fold=fold).astimezone(UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%fZ")


@pytest.mark.parametrize("declared", ["America/New_York", "company"])
def test_local_times_are_read_by_the_declared_clock_and_doubtful_ones_are_noted(settings: Settings, declared: str) -> None:
    """FAULTS 24: the hour that happens twice (the second), the one that never happens (an hour later), and what is no wall clock."""
    put(
        settings,
        "stage_history/h_2026-11-21.csv",
        "opportunity_id,stage,entered_at\n"
        "D1,closing,2026-11-01 01:30\n"
        "D2,closing,2026-03-08 02:30:00\n"
        "D3,closing,2026-07-01T12:00:00.5\n"
        "D4,closing,2026-07-01T12:00:00Z\n"
        "D5,closing,2026-07-01\n"
        "D6,closing,noon\n",
    )
    process = {"company": {"timezone": "America/New_York"}, "objects": {"stage_history": {"timezone": declared}}}
    make(settings, process)
    zone = "America/New_York"
    assert ask(settings, "select entered_at from raw.generic__stage_history order by opportunity_id") == [
        (_text_of_moment("2026-11-01", zone, "01:30", fold=1),),
        # Never: the clock was set forward by an hour at two.
        (_text_of_moment("2026-03-08", zone, "03:30", fold=0),),
        (_text_of_moment("2026-07-01", zone, "12:00:00.5", fold=0),),
        ("2026-07-01T12:00:00Z",),
        ("2026-07-01",),
        ("noon",),
    ]
    ((reason,),) = ask(settings, "select reason from accounting.delivered_file where outcome = 'loaded'")
    assert reason.startswith("2 of its times happen twice or never by the clocks of America/New_York")


def test_an_extract_is_taken_when_its_day_begins_by_the_clocks_of_tonights_config(settings: Settings) -> None:
    put(settings, "opportunity/a_2026-11-21.csv", "opportunity_id,stage\nD1,closing\n")
    make(settings, {})
    asked = "select _extracted_at::varchar from raw.generic__opportunity"
    assert ask(settings, asked) == [("2026-11-21 00:00:00",)]
    make(settings, {"company": {"timezone": "America/New_York"}})
    assert ask(settings, asked) == [("2026-11-21 05:00:00",)]
    assert ask(settings, "select count(*) from accounting.delivered_file") == [(1,)]


def test_a_clock_and_a_format_of_ones_own_go_together(settings: Settings) -> None:
    put(settings, "stage_history/h_2026-11-21.csv", "opportunity_id,stage,entered_at\nD1,closing,01.07.2026 12:00\n")
    make(settings, {"objects": {"stage_history": {"timezone": "Europe/Berlin", "dates": "%d.%m.%Y %H:%M"}}})
    assert ask(settings, "select entered_at from raw.generic__stage_history") == [("2026-07-01 10:00:00.000000Z",)]
    assert ask(settings, "select reason from accounting.delivered_file") == [(None,)]


def test_a_clock_that_nobody_has_is_named() -> None:
    with pytest.raises(ValueError, match="'Mars/Olympus' is not a timezone"):
        SalesProcess.model_validate({"objects": {"stage_history": {"timezone": "Mars/Olympus"}}})
