"""Assumes: the certificate says what was published, and notices when it is changed itself.

Guards publishing/certificate.py and publishing/accounting.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from publishing.accounting import Accounting, read_accounting, read_delivered_files
from publishing.build import Build
from publishing.bundle import WrittenTable
from publishing.certificate import UnreadableCertificateError, read_certificate, write_certificate
from publishing.run_log import RunRecord
from quality.verdict import CheckResult, Verdict

RUN = RunRecord("run-1", "published", datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), "0.1.0")
CHECK = CheckResult("stages", "marts.t", "deals", "warn", "passed", 0, 3, (), "So.", "Mend it.")
BUILD = Build("run-1", date(2026, 11, 22), "c0" * 32, "EUR", Accounting(1, 2, 3, 4), [{"file": "a.csv"}], 0)
TABLES = {
    "fct_x": WrittenTable(5, "d1" * 32, True),
    "ops_run": WrittenTable(1, None, True),
    "ops_file": WrittenTable(2, "d2" * 32, True),
}


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "parquet").mkdir()
    (tmp_path / "parquet" / "fct_x.parquet").write_bytes(b"rows")
    verdict = Verdict("run-1", "passed", (CHECK,), {}, "2026-11-23T02:00:00+00:00")
    write_certificate(tmp_path, "run-1", RUN, BUILD, verdict, TABLES)
    return read_certificate(tmp_path)


def test_it_says_what_was_published(certificate: dict[str, Any]) -> None:
    assert certificate["format_version"] == 1
    assert (certificate["run_id"], certificate["build_id"], certificate["as_of"]) == (
        "run-1",
        "run-1",
        "2026-11-22",
    )
    assert certificate["published_at"] == "2026-11-24T00:00:00+00:00"
    assert certificate["delivered_files"] == [{"file": "a.csv"}]
    assert certificate["checks"][0]["check"] == "stages"
    assert certificate["software"]["duckdb"] == duckdb.__version__
    assert certificate["files"] == {"parquet/fct_x.parquet": {"bytes": 4, "sha256": hashlib.sha256(b"rows").hexdigest()}}


def test_tables_about_the_run_carry_no_digest(certificate: dict[str, Any]) -> None:
    """Their content differs between runs of the same deliveries, which must end in the same digests (P4)."""
    assert certificate["tables"] == {"fct_x": {"rows": 5, "digest": "d1" * 32}}
    assert certificate["run_tables"] == {"ops_file": {"rows": 2}, "ops_run": {"rows": 1}}


def test_it_is_written_for_people_and_for_diff(tmp_path: Path, certificate: dict[str, Any]) -> None:
    text = (tmp_path / "certificate.json").read_text()
    assert text == json.dumps(certificate, indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize("spoilt", ["", "{", "[]", "null", "{}"])
def test_what_is_no_certificate_is_not_taken_for_one(tmp_path: Path, spoilt: str) -> None:
    with pytest.raises(UnreadableCertificateError, match="missing"):
        read_certificate(tmp_path)
    (tmp_path / "certificate.json").write_text(spoilt)
    with pytest.raises(UnreadableCertificateError):
        read_certificate(tmp_path)


def test_a_changed_certificate_is_noticed(tmp_path: Path, certificate: dict[str, Any]) -> None:
    certificate["tables"]["fct_x"]["rows"] = 6
    (tmp_path / "certificate.json").write_text(json.dumps(certificate))
    with pytest.raises(UnreadableCertificateError, match="changed after it was written"):
        read_certificate(tmp_path)


def test_only_loaded_files_are_added_up_and_all_are_listed() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.ops_file as
            select 's' as system, 'o' as object, *, 'h' as sha256, 'csv' as format, null as reason,
                1 as rows_quarantined, 0 as rows_staged, 0 as rows_duplicate, 2 as rows_set_aside
            from (values
                ('b', timestamp '2026-11-22', 'loaded', 10, 9),
                ('a', null, 'repeat', 10, 9),
                ('c', null, 'loaded', 5, 4)
            ) as made(file, extracted_at, outcome, rows_delivered, rows_loaded)
            """
        )
        connection.execute(
            """
            create table marts.ops_set_aside as
            from (values
                ('s', 'o', 'b', 1, 'staging', 'negative'),
                ('s', 'o', 'c', 2, 'intermediate', 'no such opportunity was delivered'),
                ('s', 'o', 'c', 2, 'intermediate', 'said twice of one row'),
                ('s', 'o', 'c', 3, 'intermediate', 'before the day on which the opportunity was created')
            ) as made(system, object, file, row_number, found_in, problem)
            """
        )
        added_up = read_accounting(connection)
        files = read_delivered_files(connection)
    # Two of each file by their own rules, and two that contradict other rows.
    assert added_up == Accounting(files_read=2, rows_read=15, rows_set_aside=6, rows_quarantined=2)
    assert [file["file"] for file in files] == ["a", "b", "c"]
    assert (files[0]["extracted_at"], files[1]["extracted_at"]) == (None, "2026-11-22T00:00:00")


def test_a_run_in_another_zone_is_certified_in_utc(tmp_path: Path) -> None:
    verdict = Verdict("run-1", "passed", (CHECK,), {}, "2026-11-23T02:00:00+00:00")
    in_tokyo = replace(RUN, finished_at=datetime.fromisoformat("2026-11-24T09:00:00+09:00"))
    write_certificate(tmp_path, "run-1", in_tokyo, BUILD, verdict, TABLES)
    assert read_certificate(tmp_path)["published_at"] == "2026-11-24T00:00:00+00:00"
