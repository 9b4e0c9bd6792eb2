"""What is not there tonight: rows, extracts, rates, quotas; and sheets of targets with mistakes in them.

Promises guarded: P2 and P6, and the outcomes of FAULTS 36 to 39, through the real job. One night is published with its warnings; two others
begin where it ended, are refused for all that they lack, and leave what is published as it was.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from company import PUBLISHED, REFUSED, Answer, Company, assert_is_for_people

pytestmark = pytest.mark.long

CONFIG = "company: {timezone: UTC, currency: USD}\n"
HEADER = "opportunity_id,stage,created_at,owner_id,amount,currency\n"
# u1 has twenty deals, u2 eight; two are in euros, whose last rate is of the 6th.
DEALS = {f"A{number:02}": f"A{number:02},engagement,2026-10-01,u1,100,USD\n" for number in range(18)}
DEALS |= {f"E{number}": f"E{number},engagement,2026-10-01,u1,100,EUR\n" for number in range(2)}
DEALS |= {f"B{number}": f"B{number},engagement,2026-10-01,u2,100,USD\n" for number in range(8)}
TARGETS = "scope,scope_id,metric,period,period_start,value\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, Answer]:
    company = Company(tmp_path_factory.mktemp("lacking") / "published")
    for day in (6, 7, 8, 9):
        company.deliver(f"opportunity/opportunity_2026-11-{day:02}.csv", HEADER + "".join(DEALS.values()))
    company.deliver("user/user_2026-11-09.csv", "user_id,name,email\nu1,Ada Archer,ada@example.com\nu2,Ben Bower,\n")
    company.deliver("fx_rate/fx_rate_2026-11-06.csv", "currency,date,rate\nEUR,2026-11-06,1.2\n")
    # A month and more without a word, and a quota for one of the two.
    company.deliver(
        "activity/activity_2026-11-09.csv", "activity_id,type,occurred_at,user_id\nC1,call,2026-10-05T10:00:00Z,u1\n"
    )
    company.deliver("target/target_2026-11-01.csv", TARGETS + "rep,ada@example.com,bookings,month,2026-11-01,5000\n")
    company.config.write_text(CONFIG, encoding="utf-8")
    answer = company.run()
    assert answer.code == PUBLISHED, answer.err
    return company, answer


@pytest.fixture(scope="module")
def silent(published: tuple[Company, Answer]) -> tuple[Company, Answer]:
    """A week later nothing has come but an old sheet of targets with mistakes in it."""
    company = published[0].copy(published[0].folder.with_name("silent"))
    company.deliver(
        "target/target_2026-11-09.csv",
        TARGETS
        + "rep,ada@example.com,bookings,month,2026-11-01,5000\n"
        + "rep,Ada Archr,bookings,month,2026-11-01,5000\n"
        + "rep,u2,bokings,month,2026-11-01,4000\n"
        + "company,,bookings,month,2026-11-01,9000\n"
        + "company,,bookings,month,2026-11-15,9000\n",
    )
    return _refused(company, "--as-of", "2026-11-16")


@pytest.fixture(scope="module")
def halved(published: tuple[Company, Answer]) -> tuple[Company, Answer]:
    """Tonight's extract has eight of the 28 deals, and none of u2."""
    company = published[0].copy(published[0].folder.with_name("halved"))
    left = [row for name, row in DEALS.items() if name < "A08"]
    company.deliver("opportunity/opportunity_2026-11-10.csv", HEADER + "".join(left))
    return _refused(company)


def _refused(company: Company, *flags: str) -> tuple[Company, Answer]:
    before = company.published()
    answer = company.run(*flags)
    assert answer.code == REFUSED, answer
    assert company.published() == before, "what was published is as it was"
    assert_is_for_people(answer)
    return company, answer


def test_fault_36_a_month_without_a_word_is_told(published: tuple[Company, Answer]) -> None:
    assert published[0].failed_checks()["activity_has_not_stopped"] == ["2026-10-05"]
    assert "activity_has_not_stopped" in published[1].out


def test_fault_36_half_of_the_usual_rows_are_refused(halved: tuple[Company, Answer]) -> None:
    failed = halved[0].failed_checks()
    assert "few_open_opportunities_vanished_tonight" in failed
    assert failed["the_opportunity_extract_is_as_large_as_usual"] == ["generic / opportunity / 2026-11-10"]
    assert "The extract looks cut off" in halved[1].sentence


def test_fault_36_none_of_one_rep_is_told_by_id(halved: tuple[Company, Answer]) -> None:
    assert halved[0].failed_checks()["nobody_lost_all_open_opportunities"] == ["generic / u2"]


def test_fault_36_ten_times_as_many_rows_are_told() -> None:
    """The rule alone: twelve times the most of the nights before, and not ten times."""
    import duckdb

    from quality.suites.freshness import _unusual

    with duckdb.connect() as connection:
        connection.execute(
            "create table checked as select 'generic' as system, 'opportunity' as object, date '2026-11-01' + day::integer as extracted_on,"
            " 'loaded' as outcome, case when day = 4 then 1200 else 100 end as rows_delivered from range(5) as nights (day)"
        )
        assert len(connection.execute(_unusual(0.5, 10, 5)).fetchall()) == 1
        connection.execute("update checked set rows_delivered = 1000 where rows_delivered = 1200")
        assert connection.execute(_unusual(0.5, 10, 5)).fetchall() == []


def test_fault_37_the_missing_extract_is_named_with_its_day(silent: tuple[Company, Answer]) -> None:
    company, answer = silent
    assert company.failed_checks()["the_opportunity_extract_came_when_expected"] == ["generic / opportunity / 2026-11-16"]
    assert "the_opportunity_extract_came_when_expected" in answer.sentence


def test_fault_37_with_nothing_new_what_is_published_says_how_old_it_is(
    published: tuple[Company, Answer], tmp_path: Path
) -> None:
    """No extract at all tonight: the run says so, and the last release its day."""
    company = published[0].copy(tmp_path / "company")
    before = company.published()
    answer = company.run()
    assert answer.code == PUBLISHED, answer
    assert "2026-11-09" in answer.out
    assert company.published() == before
    assert json.loads((company.home / "published" / "certificate.json").read_text(encoding="utf-8"))["as_of"] == "2026-11-09"


def test_fault_38_who_has_no_quota_is_told_by_id(published: tuple[Company, Answer]) -> None:
    assert published[0].failed_checks()["who_has_deals_has_a_quota"] == ["generic / u2"]


def test_fault_38_a_typing_error_is_refused_with_its_cell_and_overlaps_with_their_rows(
    silent: tuple[Company, Answer],
) -> None:
    company, answer = silent
    sheet = "generic/target/target_2026-11-09.csv"
    failed = company.failed_checks()
    assert failed["a_target_names_what_is_known"] == [f"{sheet} / 2 / scope_id", f"{sheet} / 3 / metric"]
    assert failed["targets_do_not_overlap"] == [f"{sheet} / 4", f"{sheet} / 5"]
    assert f"{sheet} / 2 / scope_id" in answer.sentence
    # Privacy: the cell, and not the name in it.
    assert "Archr" not in answer.err + answer.out


def test_fault_39_a_rate_of_the_last_seven_days_is_used_and_told(published: tuple[Company, Answer]) -> None:
    company, _ = published
    # 100 EUR at 1.2, of three days before.
    assert company.rows("select distinct amount from fct_opportunity where currency = 'EUR'") == [(120,)]
    assert company.failed_checks()["exchange_rates_are_of_their_day"] == ["EUR / 2026-11-09 / E0", "EUR / 2026-11-09 / E1"]


def test_fault_39_an_older_rate_is_none(silent: tuple[Company, Answer]) -> None:
    assert silent[0].failed_checks()["an_amount_has_its_exchange_rate"] == ["EUR / E0", "EUR / E1"]
