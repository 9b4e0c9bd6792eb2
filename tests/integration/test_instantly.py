"""Assumption: what Instantly delivers reaches the tables, and a person, a company and an event that several systems know count once.

Leads in Instantly, deals in Salesforce, both counted by hand (instantly_by_hand.py), through the real job. Broken by:
ingestion/systems/instantly.py, the reading of pages (ingestion/readers.py), int_email_event_telling, int_person, int_company,
int_record_merge, int_contact, int_field_history_state.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest
from instantly_by_hand import (
    ACCOUNT,
    COMPARED_DEAL,
    CONTACT,
    DEAL,
    LEAD,
    MERGED_ACCOUNT,
    MERGED_LEAD,
    USER,
    deliver,
    long_id,
    webhooks,
)
from nights import build_rows, night, rows

from funnelcast.settings import Settings

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("instantly")
    deliver(folder / "landing")
    return night(folder / "home", folder / "landing")


def test_every_row_of_instantly_is_accounted_for(company: Settings) -> None:
    """Pages are their rows. Of 18 webhook lines 12 are events; six are deliveries of one that was there, and one is of no known type."""
    found = rows(
        company.home,
        "select object, sum(rows_delivered), sum(rows_staged), sum(rows_duplicate), sum(rows_set_aside) "
        "from ops_file where system = 'instantly' group by all order by 1",
    )
    lines = 9 + 7
    assert len(webhooks()) == 12
    assert found == [
        ("campaign", 2, 2, 0, 0),
        ("campaign_step_analytics", 1, 1, 0, 0),
        ("email", 2, 2, 0, 0),
        ("event", lines, 11, lines - 12, 1),
        ("lead", 3, 3, 0, 0),
    ]


def test_an_unknown_event_type_is_set_aside_by_name(company: Settings) -> None:
    found = rows(company.home, "select object, problem_column, problem_value from ops_set_aside where system = 'instantly'")
    assert found == [("event", "event_type", "Hot lead")]


def test_mails_and_meetings_are_the_reps_who_has_the_mailbox(company: Settings) -> None:
    """Two mails on the 18th, one of them bounced; Ann opened twice and clicked twice: one message. The mail by hand is only in the list."""
    found = rows(
        company.home,
        "select source_system, rep_id, activity_date, emails_sent, emails_opened, emails_clicked, emails_replied, emails_bounced, "
        "meetings_booked, meetings_held, calls from fct_activity_daily where activity_date >= '2026-11-13' "
        "and emails_sent + emails_replied + meetings_booked + calls > 0 order by activity_date",
    )
    rep = ("salesforce", long_id(USER))
    assert found == [
        (*rep, date(2026, 11, 13), 0, 0, 0, 0, 0, 0, 0, 1),
        (*rep, date(2026, 11, 14), 0, 0, 0, 0, 0, 0, 0, 1),
        (*rep, date(2026, 11, 18), 2, 1, 1, 0, 1, 0, 0, 0),
        (*rep, date(2026, 11, 19), 0, 0, 0, 1, 0, 1, 0, 0),
        (*rep, date(2026, 11, 20), 1, 0, 0, 0, 0, 0, 0, 0),
    ]
    assert rows(company.home, "select count(*) from dim_rep") == [(1,)]


def test_what_the_webhook_and_the_list_tell_counts_once(company: Settings) -> None:
    found = rows(
        company.home, "select told_by, events, repeated_by_message, repeated_by_minute, counted from ops_event_overlap "
        "where event_type = 'sent' order by 1"
    )  # fmt: skip
    assert found == [("instantly.email", 2, 1, 0, 1), ("instantly.event", 2, 0, 0, 2)]


def test_the_meeting_that_the_crm_tells_too_counts_once(company: Settings) -> None:
    """Booked at 10:01 by Instantly, at 10:05 by Salesforce: one, the CRM's. It is the 19th's of the test above."""
    found = rows(
        company.home,
        "select told_by, events, repeated_by_meeting, counted from ops_event_overlap where event_type = 'meeting_booked' order by 1",
    )
    assert found == [("instantly.event", 1, 1, 0), ("salesforce.event", 1, 0, 1)]
    assert rows(company.home, "select sum(meetings_booked), sum(meetings_held) from fct_activity_daily") == [(1, 0)]


def test_an_event_knows_its_campaign_step_and_variant(company: Settings) -> None:
    found = build_rows(
        company,
        "select e.event_type, c.name, e.step, e.variant, e.lead_id, count(*), count(distinct e.message_id) "
        "from intermediate.int_email_event e left join staging.stg_instantly__campaign c on c.campaign_id = e.sequence_id "
        "group by all order by 1, 5, 3",
    )
    assert found == [
        ("bounced", "Spring", "1", "1", "I2", 1, 1),
        ("clicked", "Spring", "1", "1", "I1", 2, 1),
        ("opened", "Spring", "1", "1", "I1", 2, 1),
        ("replied", "Spring", "1", "1", "I1", 1, 1),
        ("sent", "Spring", "1", "1", "I1", 1, 1),
        ("sent", "Spring", None, None, "I1", 1, 1),
        ("sent", "Spring", "1", "1", "I2", 1, 1),
    ]


def test_one_person_in_two_systems_is_one(company: Settings) -> None:
    """Ann: two leads in Instantly, a lead and a contact in Salesforce, and the lead that was merged. Bob, and the rep."""
    people = rows(
        company.home, "select records, systems, leads, contacts, users from dim_person order by records desc, users"
    )
    assert people == [(4, 2, 3, 1, 0), (1, 1, 1, 0, 0), (1, 1, 0, 0, 1)]
    found = rows(
        company.home,
        "select r.record_id, r.match_reason, r.has_conflict, r.is_deleted from dim_person_record r "
        "join dim_person p using (person_id) where p.records = 4 order by 1",
    )
    assert found == [
        (long_id(CONTACT), "email", False, False),
        (long_id(LEAD), "converted", False, False),
        (long_id(MERGED_LEAD), "merged", True, True),
        ("I1", "email", False, False),
        ("I3", "email", False, False),
    ]
    leads = rows(company.home, "select lead_id, is_primary_record, campaign from dim_lead order by 1")
    assert leads == [
        (long_id(LEAD), False, "Webinar"),
        ("I1", True, "Spring"),
        ("I2", True, "Spring"),
        ("I3", False, "Autumn"),
    ]


def test_one_company_in_two_systems_is_one(company: Settings) -> None:
    """Acme's merged account has a domain of its own, which is told; the sheet says that acme.co.uk is Acme; Gmail is nobody's."""
    found = rows(company.home, "select name, domain, accounts, leads from dim_company")
    assert found == [("Acme", "acme.com", 1, 3)]
    records = rows(
        company.home, "select record_id, match_reason, has_conflict, is_deleted from dim_company_record order by 1"
    )
    assert records == [(long_id(ACCOUNT), "domain", False, False), (long_id(MERGED_ACCOUNT), "merged", True, True)]
    assert rows(company.home, "select lead_id from dim_lead where company_id is null") == [("I2",)]


def test_a_row_of_the_sheet_for_nobody_is_set_aside(company: Settings) -> None:
    found = rows(
        company.home, "select object, row_number, problem, record_id from ops_set_aside where found_in = 'intermediate'"
    )
    assert found == [("person_match", 2, "no such record was delivered", "nobody")]


def test_the_deals_of_a_merged_account_and_lead_are_the_survivors(company: Settings) -> None:
    found = rows(company.home, "select opportunity_id, account_id, lead_id, source from fct_opportunity order by 1")
    assert found == [
        (long_id(DEAL), long_id(ACCOUNT), long_id(LEAD), "Website"),
        (long_id(COMPARED_DEAL), long_id(ACCOUNT), None, None),
    ]
    calls = build_rows(
        company,
        "select lead_id, opportunity_id from intermediate.int_activity where activity_type = 'call' order by occurred_at",
    )
    assert calls == [(long_id(LEAD), long_id(DEAL))] * 2
    assert rows(company.home, "select count(*) from dim_account where is_placeholder") == [(0,)]


def test_the_history_of_fields_gives_the_visits_of_a_deal_without_another(company: Settings) -> None:
    found = rows(
        company.home,
        f"select stage, entered_at, entry_evidence from fct_stage_visit where opportunity_id = '{long_id(DEAL)}' order by 2",
    )
    assert found == [
        ("qualification", datetime(2026, 11, 15, 12), "history"),
        ("engagement", datetime(2026, 11, 17, 12), "history"),
    ]
    pushes = rows(company.home, "select opportunity_id, close_date_pushes from fct_opportunity order by 1")
    assert pushes == [(long_id(DEAL), 1), (long_id(COMPARED_DEAL), 0)]


def test_where_the_two_histories_differ_it_is_told(company: Settings) -> None:
    """OpportunityHistory goes from qualification to closing; the history of fields knows of engagement in between."""
    found = rows(company.home, "select opportunity_id, field, changed_at, new_value from ops_field_history_difference")
    assert found == [(long_id(COMPARED_DEAL), "stage", datetime(2026, 11, 12, 12), "engagement")]
