"""Who is to stay forgotten, and what is written in their place: cell by cell, without a run.

Assumptions guarded: nothing of a person's is missed in the spellings in which tools deliver it, and nothing of anybody else's is
taken; equal stays equal. Broken by: ingestion/suppression.py, ingestion/forgotten_cells.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from ingestion.forgotten_cells import erase_parquet, erased_row, shape, speaks_of_forgotten
from ingestion.suppression import (
    Person,
    Suppression,
    begin_erasure,
    end_erasure,
    full_names,
    load_suppression,
    save_suppression,
    unfinished_erasure,
)

PERSON = Person(
    "r1",
    frozenset({"bob.o'neil@x.com"}),
    frozenset({("salesforce", "lead", "00QKd000001004b")}),
    full_names(["Bob O'Neil"]),
)
FORGOTTEN = Suppression(b"k" * 32).with_person(PERSON)
LEAD_COLUMNS = (
    "Id",
    "Name",
    "FirstName",
    "LastName",
    "Email",
    "Email_Opt_Out__c",
    "Title",
    "Phone",
    "Company",
    "Industry",
    "OwnerId",
)
LEAD = dict(
    zip(
        LEAD_COLUMNS,
        (
            "00QKd000001004bMAA",
            "Bob O'Neil",
            "Bob",
            "O'Neil",
            "bob.o'neil@x.com",
            "false",
            "CFO",
            "+1 5",
            "X",
            "Media",
            "005",
        ),
        strict=True,
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "bob.o'neil@x.com",
        " Bob.O'Neil@X.COM ",
        "Bob <bob.o'neil@x.com>, other@x.com",
        "https://x.com/?to=bob.o'neil%40x.com&a=1",
        '{"to": "bob.o\'neil@x.com"}',
        "mailto:bob.o'neil@x.com.",
    ],
)
def test_an_address_is_found_in_every_writing(text: str) -> None:
    written = FORGOTTEN.without_addresses(text)
    assert "neil" not in written.casefold()
    assert "@erased.invalid" in written
    assert ("other@x.com" in written) == ("other@x.com" in text)


@pytest.mark.parametrize("text", ["jimbob.o'neil@x.com", "bob.o'neil@x.com.au", "bob.o'neil@y.com", "o'neil@x.com"])
def test_another_address_is_left(text: str) -> None:
    assert FORGOTTEN.without_addresses(text) == text


@pytest.mark.parametrize("text", ["Call with Bob O'Neil", "BOB O’NEIL's renewal", "O'Neil, Bob: demo", "x (Bob  O'Neil)"])
def test_a_full_name_is_found_as_it_is_said_and_turned_around(text: str) -> None:
    assert "neil" not in FORGOTTEN.without_names(text).casefold()


@pytest.mark.parametrize("text", ["Bob", "O'Neil", "Bob Smith met Ann O'Neil", "Bobby O'Neilly"])
def test_part_of_a_name_is_nobodys(text: str) -> None:
    assert FORGOTTEN.without_names(text) == text


def test_equal_stays_equal_and_different_stays_different() -> None:
    tokens = [FORGOTTEN.address_token(address) for address in ("a@x.com", "a@x.com", "A@x.com", "b@x.com")]
    assert tokens[0] == tokens[1] != tokens[2]
    assert tokens[0].lower() == tokens[2].lower() != tokens[3].lower()
    assert FORGOTTEN.token("CFO") == FORGOTTEN.token("CFO") != FORGOTTEN.token("CEO")


def test_of_their_record_only_their_own_cells_are_erased() -> None:
    table = shape("salesforce", "lead", LEAD_COLUMNS)
    after = erased_row(table, LEAD, FORGOTTEN)
    erased = {name for name in LEAD_COLUMNS if after[name] != LEAD[name]}
    assert erased == {"Name", "FirstName", "LastName", "Email", "Phone"}
    assert erased_row(table, after, FORGOTTEN) == after, "once more changes nothing"


def test_a_record_is_known_by_its_id_too_and_its_new_address_goes() -> None:
    row = {**LEAD, "Id": "00QKd000001004b", "Email": "new@x.com"}
    after = erased_row(shape("salesforce", "lead", LEAD_COLUMNS), row, FORGOTTEN)
    assert str(after["Email"]).endswith("@erased.invalid")


def test_somebody_else_of_the_same_name_keeps_it() -> None:
    row = {**LEAD, "Id": "00QKd000001ZZZZ", "Email": "namesake@y.com"}
    assert erased_row(shape("salesforce", "lead", LEAD_COLUMNS), row, FORGOTTEN) == row


def test_a_name_that_others_have_goes_only_where_the_row_speaks_of_the_person() -> None:
    shared = Suppression(b"k" * 32).with_person(
        Person(PERSON.reference, PERSON.addresses, PERSON.records, PERSON.names, is_name_shared=True)
    )
    table = shape("salesforce", "task", ("Id", "WhoId", "Subject"))
    theirs = {"Id": "1", "WhoId": "00QKd000001004bMAA", "Subject": "Call Bob O'Neil"}
    others = {"Id": "2", "WhoId": "00QKd000009999ZMAA", "Subject": "Call Bob O'Neil"}
    assert "Neil" not in str(erased_row(table, theirs, shared)["Subject"])
    assert erased_row(table, others, shared) == others


def test_what_a_published_table_tells_aside_is_erased_by_its_own_names() -> None:
    """A phone number or a first name alone is nobody's by itself: the name of the value within `extra` says that it is the person's."""
    columns = {"source_system": "salesforce", "lead_id": "00QKd000001004bMAA", "name": "Bob O'Neil", "title": "CFO"}
    told = {"first_name": "Bob", "mobile_phone": "+1 5", "is_converted": "true", "note": "Bob O'Neil called", "fax": None}
    lead = {**columns, "extra": json.dumps(told, separators=(",", ":"))}
    table = replace(shape("", "lead", list(lead)), kinds=("lead", "contact"))
    after = erased_row(table, lead, FORGOTTEN)
    assert after["name"] == FORGOTTEN.token("Bob O'Neil")
    extra = json.loads(after["extra"] or "")
    assert (extra["first_name"], extra["mobile_phone"]) == (FORGOTTEN.token("Bob"), FORGOTTEN.token("+1 5"))
    assert (extra["is_converted"], extra["fax"]) == ("true", None)
    assert "Neil" not in extra["note"]
    assert extra["note"].endswith(" called")
    assert after == erased_row(table, after, FORGOTTEN), "erased once is erased"

    somebody = {
        **lead,
        "lead_id": "00QKd00000ZZZZZ",
        "extra": '{"first_name":"Ann","mobile_phone":"+1 5"}',
        "name": "Ann Lee",
    }
    assert erased_row(table, somebody, FORGOTTEN) == somebody


def test_a_free_text_of_a_deal_and_what_is_told_aside_of_it_lose_the_person() -> None:
    deal = {
        "source_system": "salesforce", "opportunity_id": "006", "next_step": "Call Bob O'Neil (bob.o'neil@x.com)", "next_step_owner": "Ann",
        "extra": '{"description":"O\'Neil, Bob signs","region":"North"}',
    }  # fmt: skip
    after = erased_row(shape("", "fct_opportunity", list(deal)), deal, FORGOTTEN)
    assert "neil" not in json.dumps(after).casefold()
    assert json.loads(after["extra"] or "")["region"] == "North"
    assert after["next_step_owner"] == "Ann"


@pytest.mark.parametrize(
    "column", ["NextStep", "hs_next_step", "Next Step", "Stage Notes", "Lead Source Detail", "status_comment", "notes"]
)
def test_what_people_write_is_no_word_of_the_crm(column: str) -> None:
    deal = {"Id": "006", column: "Bob O'Neil decides"}
    assert erased_row(shape("salesforce", "opportunity", list(deal)), deal, FORGOTTEN)[column] != deal[column]


def test_a_name_beside_the_id_of_the_person_is_theirs_even_if_it_is_one_word() -> None:
    deal = {
        "source_system": "salesforce",
        "opportunity_id": "006",
        "lead_id": "00QKd000001004bMAA",
        "lead_name": "Bobby",
        "account_name": "Bobby",
    }
    after = erased_row(shape("", "fct_opportunity", list(deal)), deal, FORGOTTEN)
    assert (after["lead_name"], after["account_name"]) == (FORGOTTEN.token("Bobby"), "Bobby")
    other = {**deal, "lead_id": "00QKd00000ZZZZZ"}
    assert erased_row(shape("", "fct_opportunity", list(other)), other, FORGOTTEN) == other


def test_a_row_that_says_of_which_object_it_is_is_no_other_objects() -> None:
    """A contact with the number of a forgotten lead is somebody else."""
    columns = {
        "source_system": "salesforce",
        "object": "contact",
        "record_id": "00QKd000001004bMAA",
        "extra": '{"first_name":"Ann"}',
    }
    table = replace(shape("", "lead", list(columns), {"lead_id": "record_id"}), kinds=("lead", "contact", "user"))
    assert erased_row(table, columns, FORGOTTEN) == columns
    theirs = erased_row(table, {**columns, "object": "lead"}, FORGOTTEN)
    assert theirs["extra"] == json.dumps({"first_name": FORGOTTEN.token("Ann")}, separators=(",", ":"))


def test_a_name_that_is_the_id_stays_one_id() -> None:
    """A CRM without ids: the rep's name is the id, in the roster and on the deals."""
    colleague = Person("r2", frozenset({"ann@x.com"}), frozenset({("generic", "user", "Ann Lee")}), full_names(["Ann Lee"]))
    forgotten = Suppression(b"k" * 32).with_person(colleague)
    roster = shape("generic", "user", ("sales_agent", "email", "team"), {"user_id": "sales_agent", "name": "sales_agent"})
    deals = shape("generic", "opportunity", ("id", "stage", "sales_agent"), {"owner_id": "sales_agent"})
    user = erased_row(roster, {"sales_agent": "Ann Lee", "email": "ann@x.com", "team": "East"}, forgotten)
    deal = erased_row(deals, {"id": "1", "stage": "Won", "sales_agent": "Ann Lee"}, forgotten)
    assert user["sales_agent"] == deal["sales_agent"] != "Ann Lee"
    assert (user["team"], deal["stage"]) == ("East", "Won")


def test_a_person_named_as_a_stage_takes_no_stage_away() -> None:
    forgotten = Suppression(b"k" * 32).with_person(Person("r3", frozenset({"test@x.com"}), names=full_names(["Closed Won"])))
    row = {"Id": "1", "StageName": "Closed Won", "Name": "For Closed Won"}
    assert erased_row(shape("salesforce", "opportunity", tuple(row)), row, forgotten)["StageName"] == "Closed Won"


def test_rejected_lines_are_known_by_address_name_or_id() -> None:
    for line in ('"1","bob.o\'neil@x.com",broken', '"Bob O\'Neil",', '"00QKd000001004bMAA",new name'):
        assert speaks_of_forgotten(line, "salesforce", "lead", FORGOTTEN)
    assert not speaks_of_forgotten('"00QKd000001ZZZZMAA","Bob Smith"', "salesforce", "lead", FORGOTTEN)


def test_a_file_keeps_its_order_its_other_rows_and_its_types(tmp_path: Path) -> None:
    path = tmp_path / "raw.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select i::varchar as id, case when i % 3 = 0 then 'bob.o''neil@x.com' else 'u' || i || '@x.com' end as recipient, "
            "i as _row, 'f' as _file, timestamp '2026-11-08' as _extracted_at, 1::bigint as _sequence from range(1, 10) as t(i)) "
            f"to '{path}' (format parquet)"
        )
        before = connection.execute(f"describe from '{path}'").fetchall()
        assert erase_parquet(connection, path, "generic", "email_event", FORGOTTEN) == 3
        assert connection.execute(f"describe from '{path}'").fetchall() == before
        rows = connection.execute(f"select _row, recipient from '{path}'").fetchall()
        assert [row for row, _ in rows] == list(range(1, 10))
        assert [recipient for row, recipient in rows if row % 3] == [f"u{row}@x.com" for row in range(1, 10) if row % 3]
        assert len({recipient for row, recipient in rows if row % 3 == 0}) == 1
        assert erase_parquet(connection, path, "generic", "email_event", FORGOTTEN) == 0


def test_the_list_holds_nobody_in_plain_words_and_is_only_the_owners_to_read(tmp_path: Path) -> None:
    save_suppression(FORGOTTEN, tmp_path)
    (kept,) = (tmp_path / "forgotten").iterdir()
    assert "neil" not in kept.read_text(encoding="utf-8").casefold()
    assert "00QKd" not in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0
    assert load_suppression(tmp_path) == FORGOTTEN


def test_an_erasure_that_was_stopped_knows_whom_it_was_for(tmp_path: Path) -> None:
    begin_erasure(PERSON, tmp_path)
    assert unfinished_erasure(tmp_path) == PERSON
    end_erasure(tmp_path)
    assert unfinished_erasure(tmp_path) is None
