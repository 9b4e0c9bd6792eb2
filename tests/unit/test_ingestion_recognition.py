"""What `funnelcast init` reads from values and labels: formats that are told apart or asked for, stages in order with a reason.

Broken by: ingestion/starter/recognition.py, ingestion/starter/config.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from ingestion.starter.config import _Seen, propose_stages, starter_config
from ingestion.starter.recognition import date_formats, number_formats, recognise

_DAYS = [date(2026, 1, 1) + timedelta(days=3 * number) for number in range(100)]


@pytest.mark.parametrize("fmt", ["%d-%m-%y", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%b %d, %Y"])
def test_a_date_format_is_told_where_it_can_be(fmt: str) -> None:
    assert date_formats([day.strftime(fmt) for day in _DAYS], date(2026, 12, 31)) == [fmt]


def test_iso_dates_need_no_format_and_a_typing_error_is_none() -> None:
    assert date_formats([day.isoformat() for day in _DAYS]) is None
    assert date_formats([*(day.isoformat() for day in _DAYS), "TBD"]) is None
    assert date_formats([]) is None


def test_a_day_that_could_be_a_month_is_asked_for() -> None:
    seen = [f"{day:02}/{month:02}/2026" for day in range(1, 12) for month in range(1, 12)]
    assert set(date_formats(seen, date(2026, 12, 31)) or ()) == {"%d/%m/%Y", "%m/%d/%Y"}


def test_number_formats() -> None:
    assert number_formats(["1234.5", "-7", "1e6"]) is None
    assert number_formats(["1,234.50", "12.5"]) == ["1,234.5"]
    assert number_formats(["1.234,50", "12,5"]) == ["1.234,5"]
    assert number_formats(["1 234,50", "12,5"]) == ["1 234,5"]
    assert number_formats(["12,50", "3,75"]) == ["1.234,5"]
    assert number_formats(["1,234", "5,678"]) == ["1,234.5", "1.234,5"], "a thousand or a bit more than one: asked"
    assert number_formats(["$12k"]) == []


def test_what_could_be_two_things_is_asked_in_the_file(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "deals_2026-11-20.csv").write_text(
        "deal_id,deal_stage,created\n1,Open,02/03/2026\n2,Won\\n#,04/05/2026\n", encoding="utf-8"
    )
    with duckdb.connect() as connection:
        found = recognise(landing, connection, tmp_path)
        text = starter_config(found, connection, landing)
    assert found.objects[0].dates is None
    assert "TO SAY: dates of created could be %d/%m/%Y or %m/%d/%Y" in text


def test_stages_have_an_order_a_phase_and_a_reason() -> None:
    def seen(label: str, place: float | None, won: bool | None = None) -> _Seen:
        return _Seen(label, 3, place, "by history", won, "by flags" if won is not None else None, None)

    stages = propose_stages(
        [seen("Closed", 1.0, False), seen("B", 0.5), seen("Demo", 0.7), seen("A", 0.1), seen("Done", 1.0, True)]
    )
    assert [(stage.label, stage.key, stage.phase) for stage in stages] == [
        ("A", "a", "prospecting"),
        ("B", "b", "qualification"),
        ("Demo", "demo", "engagement"),
        ("Done", "won", "won"),
        ("Closed", "lost", "lost"),
    ]
    assert "a guess" in stages[0].reason
    assert "by its word" in stages[2].reason


def test_a_pipeline_without_a_lost_deal_still_gets_its_lost_stage_said_to_be_unseen() -> None:
    stages = propose_stages([_Seen("Won", 1, None, "", None, None, None), _Seen("Open", 1, None, "", None, None, None)])
    assert [stage.phase for stage in stages] == ["prospecting", "won", "lost"]
    assert "no lost deal was seen" in stages[2].reason
