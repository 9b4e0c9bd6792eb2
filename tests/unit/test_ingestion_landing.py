"""Which file belongs to which object, of which date, and which are left alone and why: by names and places only."""

from __future__ import annotations

import gzip
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from funnelcast.errors import UsageError
from funnelcast.sales_process import SalesProcess
from ingestion.landing import FileLeftAlone, LandedFile, delivered_objects, extract_date_in_name, scan_landing

UTC = ZoneInfo("UTC")
DATES = st.dates(date(1970, 1, 1), date(2099, 12, 31))
WORDS = st.text(st.characters(exclude_categories=("Cs", "Nd", "No", "Nl"), exclude_characters="/\x00"), max_size=12)


def scan(
    landing: Path, process: SalesProcess | None = None, timezone: ZoneInfo = UTC
) -> tuple[dict[str, LandedFile], dict[str, FileLeftAlone]]:
    files, left_alone = scan_landing(landing, delivered_objects(process or SalesProcess()), timezone)
    return {file.relative: file for file in files}, {found.relative: found for found in left_alone}


def put(landing: Path, name: str, content: bytes = b"x") -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# Dates


@given(day=DATES, written=st.sampled_from(["%Y-%m-%d", "%Y%m%d"]), before=WORDS, after=WORDS)
@example(day=date(2026, 11, 22), written="%Y-%m-%d", before="opportunity ", after=".csv.gz")
def test_the_extract_date_is_found_wherever_it_stands(day: date, written: str, before: str, after: str) -> None:
    assume(not after.startswith(("T", "_", "-")))
    assert extract_date_in_name(f"{before}{day.strftime(written)}{after}") == (day, None)


@given(
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)),
    written=st.sampled_from(
        ["%Y-%m-%dT%H-%M-%S", "%Y-%m-%d_%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d-%H%M%S", "%Y-%m-%dT%H:%M:%S"]
    ),
)
def test_a_time_behind_the_date_is_read_too(moment: datetime, written: str) -> None:
    expected = moment.replace(microsecond=0)
    assert extract_date_in_name(f"deals_{moment.strftime(written)}.csv") == (expected.date(), expected.time())


@given(WORDS)
def test_a_name_without_digits_has_no_date(name: str) -> None:
    assert extract_date_in_name(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deals_2026-11-22_2359.csv", (date(2026, 11, 22), time(23, 59))),
        # the last date counts: the first is what the extract is about
        ("report 2026-10-01 to 2026-10-31.csv", (date(2026, 10, 31), None)),
        ("deals_2026-02-30.csv", None),
        ("deals_2026-13-01.csv", None),
        ("2026-11-22", (date(2026, 11, 22), None)),
        ("deals_120261122.csv", None),
        ("deals_202611221.csv", None),
        ("deals_2026-1122.csv", None),
        ("deals_1899-12-30.csv", None),
        ("deals_2026-11-22_9999.csv", None),
        ("deals_2026-11-22_v2.csv", (date(2026, 11, 22), None)),
        ("deals_2026-11-22 (1).csv", (date(2026, 11, 22), None)),
    ],
)
def test_dates_in_names(name: str, expected: tuple[date, time | None] | None) -> None:
    assert extract_date_in_name(name) == expected


def test_a_date_is_the_companys_day_and_a_time_is_utc(tmp_path: Path) -> None:
    put(tmp_path, "generic/opportunity/a_2026-11-01.csv")
    put(tmp_path, "generic/opportunity/b_2026-11-01T0130.csv")
    files, _ = scan(tmp_path, timezone=ZoneInfo("America/New_York"))
    moments = {file.path.name: (file.extracted_on, file.extracted_at) for file in files.values()}
    assert moments == {
        "a_2026-11-01.csv": (date(2026, 11, 1), datetime(2026, 11, 1, 4)),
        "b_2026-11-01T0130.csv": (date(2026, 11, 1), datetime(2026, 11, 1, 1, 30)),
    }


# Places


@pytest.mark.parametrize(
    ("name", "format_", "compression"),
    [
        ("deals_2026-11-22.csv", "csv", None),
        ("deals_2026-11-22.CSV.GZ", "csv", "gz"),
        ("deals_2026-11-22.tsv", "csv", None),
        ("deals_2026-11-22.txt", "csv", None),
        ("deals_2026-11-22.jsonl", "jsonl", None),
        ("deals_2026-11-22.ndjson.gz", "jsonl", "gz"),
        ("a.b.c_2026-11-22.v2.csv", "csv", None),
        ("deals_2026-11-22.csv.zst", "csv", "zst"),
        ("deals_2026-11-22.json", "jsonl", None),
        ("deals_2026-11-22.JSON.ZST", "jsonl", "zst"),
        ("deals_2026-11-22.parquet", "parquet", None),
        ("deals_2026-11-22.xlsx", "xlsx", None),
    ],
)
def test_formats_by_suffix(tmp_path: Path, name: str, format_: str, compression: str | None) -> None:
    put(tmp_path, f"generic/opportunity/{name}")
    (file,) = scan(tmp_path)[0].values()
    assert (file.format, file.compression, file.target.label) == (format_, compression, "generic.opportunity")


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        # FAULTS 1
        ("generic/opportunity/deals_2026-11-22.csv.part", "waiting", "still being written"),
        ("generic/opportunity/deals_2026-11-22.csv.gz.tmp", "waiting", "still being written"),
        ("generic/opportunity/deals_2026-11-22.crdownload", "waiting", "still being written"),
        # FAULTS 10
        ("generic/opportunity/deals.csv", "refused", "no extract date; expected one such as opportunity_2026-11-22.csv"),
        # FAULTS 11
        ("generic/opportunity/deals_2026-11-22.docx", "ignored", "type is unknown"),
        ("generic/opportunity/README", "ignored", "type is unknown"),
        ("generic/deals/deals_2026-11-22.csv", "ignored", "no object takes it"),
        ("elsewhere/opportunity/deals_2026-11-22.csv", "ignored", "no object takes it"),
        ("deals_2026-11-22.csv", "ignored", "no object takes it"),
        ("generic/opportunity/deeper/deals_2026-11-22.csv", "ignored", "no object takes it"),
        ("generic/opportunity/deals_2026-11-22.gz", "ignored", "type is unknown"),
        ("generic/opportunity/deals_2026-11-22.zip", "refused", "unpack it, or pack each extract of its own as .gz"),
        ("generic/opportunity/deals_2026-11-22.xls", "refused", "save it as .xlsx"),
        ("generic/opportunity/deals_2026-11-22.csv.bz2", "refused", "pack it as .gz or .zst"),
        ("generic/opportunity/deals_2026-11-22.parquet.gz", "refused", "packed already; deliver it as .parquet"),
        ("generic/opportunity/deals_2026-11-22.xlsx.zst", "refused", "packed already; deliver it as .xlsx"),
    ],
)
def test_files_that_are_left_alone_are_told_why(tmp_path: Path, name: str, outcome: str, reason: str) -> None:
    put(tmp_path, name)
    files, left_alone = scan(tmp_path)
    assert files == {}
    assert left_alone[name].outcome == outcome
    assert reason in left_alone[name].reason


def test_hidden_files_are_nobodys_business(tmp_path: Path) -> None:
    put(tmp_path, "generic/opportunity/.DS_Store")
    put(tmp_path, ".gitkeep")
    assert scan(tmp_path) == ({}, {})


def test_links_out_of_the_landing_folder_are_not_followed(tmp_path: Path) -> None:
    """FAULTS 50; a link to another delivered file is as good as the file."""
    outside = put(tmp_path, "outside/opportunity_2026-11-22.csv")
    inside = put(tmp_path, "landing/generic/opportunity/deals_2026-11-21.csv")
    folder = inside.parent
    (folder / "link_2026-11-22.csv").symlink_to(outside)
    (folder / "dangling_2026-11-22.csv").symlink_to(folder / "nothing.csv")
    (folder / "again_2026-11-21.csv").symlink_to(inside)
    (folder.parent / "lead").symlink_to(outside.parent)
    files, left_alone = scan(tmp_path / "landing")
    assert sorted(files) == ["generic/opportunity/again_2026-11-21.csv", "generic/opportunity/deals_2026-11-21.csv"]
    reasons = {name: found.reason for name, found in left_alone.items()}
    assert "leads out of the landing folder" in reasons["generic/opportunity/link_2026-11-22.csv"]
    assert "not a regular file" in reasons["generic/opportunity/dangling_2026-11-22.csv"]
    assert not any("lead/" in name for name in files)
    assert "link to a folder" in reasons["generic/lead"], (
        "what lies behind it is not delivered, and somebody may think it is"
    )


@pytest.mark.parametrize(
    "name",
    ["it's; drop table x_2026-11-22.csv", "🙂\n_2026-11-22.csv", "%s{}_2026-11-22.csv", f"{'n' * 200}_2026-11-22.csv"],
)
def test_names_are_text(tmp_path: Path, name: str) -> None:
    """FAULTS 50."""
    put(tmp_path, f"generic/opportunity/{name}")
    assert list(scan(tmp_path)[0]) == [f"generic/opportunity/{name}"]


def test_a_config_names_files_for_several_objects(tmp_path: Path) -> None:
    """One file can hold two objects; an object with a `files` pattern no longer takes its own folder."""
    process = SalesProcess.model_validate(
        {
            "objects": {
                "opportunity": {"files": "exports/*.csv", "extracted_on": "2026-11-22"},
                "generic.user": {"files": "exports/*.csv", "extracted_on": "2026-11-22"},
            }
        }
    )
    put(tmp_path, "exports/everything.csv")
    put(tmp_path, "generic/opportunity/deals_2026-11-21.csv")
    files, left_alone = scan_landing(tmp_path, delivered_objects(process), UTC)
    assert sorted((file.relative, file.target.label, file.extracted_on) for file in files) == [
        ("exports/everything.csv", "generic.opportunity", date(2026, 11, 22)),
        ("exports/everything.csv", "generic.user", date(2026, 11, 22)),
    ]
    assert [found.relative for found in left_alone] == ["generic/opportunity/deals_2026-11-21.csv"]


def test_a_missing_landing_folder_is_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere does not exist; expected a folder of extracts"):
        scan(tmp_path / "nowhere")


def test_unknown_objects_and_columns_of_the_config_are_named() -> None:
    with pytest.raises(UsageError, match=r"objects\.deal: there is no such object; expected one of .*generic\.opportunity"):
        delivered_objects(SalesProcess.model_validate({"objects": {"deal": {}}}))
    with pytest.raises(
        UsageError, match=r"objects\.generic\.opportunity\.constants\.stag: there is no such column; expected one of .*stage"
    ):
        delivered_objects(SalesProcess.model_validate({"objects": {"opportunity": {"constants": {"stag": "x"}}}}))


def test_the_order_of_files_does_not_depend_on_the_file_system(tmp_path: Path) -> None:
    for name in ("b_2026-11-22.csv", "a_2026-11-22.csv", "c_2026-11-21.csv"):
        put(tmp_path, f"generic/opportunity/{name}", gzip.compress(b"x"))
    assert [file.path.name for file in scan(tmp_path)[0].values()] == [
        "a_2026-11-22.csv",
        "b_2026-11-22.csv",
        "c_2026-11-21.csv",
    ]
