"""Deals in HubSpot and mail in another tool, in one landing: worked out by hand from the files in hubspot_by_hand.py.

Assumption guarded: HubSpot's own exports (headings, labels, names), its API and a replica's logs are one system and come to one
answer; merged deals, moved pipelines, machine openings and dropped mails are what they are (C21 to C25, FAULTS 28 and 33).
Broken by: models/canonical/hubspot, int_stage_label, int_opportunity_change, column aliases.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from hubspot_by_hand import correct, deliver
from nights import night, rows

from funnelcast.errors import GateRefused
from funnelcast.settings import Settings

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def refused_then_corrected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    settings = deliver(tmp_path_factory.mktemp("hubspot"))
    with pytest.raises(GateRefused):
        night(settings.home, settings.landing, settings.config)
    assert not settings.published.exists()
    verdict = settings.verdict_file.read_text(encoding="utf-8")
    correct(settings)
    night(settings.home, settings.landing, settings.config)
    return settings, verdict


@pytest.fixture(scope="module")
def company(refused_then_corrected: tuple[Settings, str]) -> Settings:
    return refused_then_corrected[0]


@pytest.mark.parametrize("named", ["Chatting", "Moonshots", "XTS"])
def test_an_unknown_stage_pipeline_or_currency_is_refused_by_name(
    refused_then_corrected: tuple[Settings, str], named: str
) -> None:
    """FAULTS 28."""
    assert named in refused_then_corrected[1]


def test_each_deal_is_where_hubspot_has_it(company: Settings) -> None:
    """100 was merged into 101: once, since the day on which 100 was made (C21). The lost stage says nothing of being closed (C22)."""
    found = rows(
        company.home,
        "select opportunity_id, pipeline, stage, status, created_on, closed_on, amount, amount_original, currency, owner_name, team "
        "from fct_opportunity order by 1",
    )
    sales = "Sales Pipeline"
    assert found == [
        (
            "101",
            sales,
            "Closed won",
            "won",
            date(2026, 10, 1),
            date(2026, 11, 10),
            Decimal("5000.00"),
            Decimal("5000.00"),
            "USD",
            "Ann Lee",
            "East",
        ),
        (
            "102",
            "Renewals",
            "Renewal due",
            "open",
            date(2026, 10, 20),
            None,
            Decimal("1100.00"),
            Decimal("1000.00"),
            "EUR",
            "Bo Ek",
            None,
        ),
        (
            "103",
            sales,
            "Closed lost",
            "lost",
            date(2026, 10, 5),
            date(2026, 11, 12),
            Decimal("700.00"),
            Decimal("700.00"),
            "USD",
            "Ann Lee",
            "East",
        ),
        (
            "104",
            sales,
            "Appointment scheduled",
            "deleted",
            date(2026, 10, 8),
            None,
            Decimal("10.00"),
            Decimal("10.00"),
            "USD",
            "Bo Ek",
            None,
        ),
    ]


def test_a_merged_deal_has_both_histories_and_a_moved_one_both_pipelines(company: Settings) -> None:
    found = rows(
        company.home,
        "select opportunity_id, pipeline, stage, entered_at from fct_stage_visit where opportunity_id in ('101', '102') order by 1, 4",
    )
    sales = "Sales Pipeline"
    assert found == [
        ("101", sales, "Appointment scheduled", datetime(2026, 10, 1, 9)),
        ("101", sales, "Qualified to buy", datetime(2026, 10, 5, 9)),
        ("101", sales, "Closed won", datetime(2026, 11, 10, 10)),
        ("102", sales, "Appointment scheduled", datetime(2026, 10, 20, 9)),
        ("102", "Renewals", "Renewal due", datetime(2026, 11, 12, 9)),
    ]


def test_a_move_leaves_one_pipeline_and_enters_the_other(company: Settings) -> None:
    """At the rate of the as-of day: 1,000 EUR are 1,100 USD. Delta's 10 are still there, until the 20th."""
    found = rows(
        company.home,
        "select pipeline, stage, transferred_out_count, transferred_in_count, open_amount "
        "from fct_pipeline_daily where date_day = '2026-11-12' and stage in ('Appointment scheduled', 'Renewal due') order by 1",
    )
    assert found == [
        ("Renewals", "Renewal due", 0, 1, Decimal("1100.00")),
        ("Sales Pipeline", "Appointment scheduled", 1, 0, Decimal("10.00")),
    ]


def test_a_close_date_is_pushed_only_where_its_history_is_told(company: Settings) -> None:
    """102's log tells of 1 and then 20 December."""
    assert rows(company.home, "select close_date_pushes from fct_opportunity where opportunity_id = '102'") == [(1,)]


def test_accounts_and_leads_are_those_that_the_deals_are_linked_to(company: Settings) -> None:
    """The contact of 100 is the lead of 101; a subscriber is no lead."""
    found = rows(company.home, "select opportunity_id, account_id, lead_id from fct_opportunity order by 1")
    assert found == [("101", "500", "11"), ("102", "501", "12"), ("103", None, None), ("104", None, None)]
    leads = rows(company.home, "select lead_id, created_at, qualified_at, opportunity_id, source from dim_lead order by 1")
    assert leads == [
        ("11", datetime(2026, 9, 2, 9), datetime(2026, 9, 5, 9), "101", "ORGANIC_SEARCH"),
        ("12", datetime(2026, 9, 3, 9), None, "102", "OFFLINE"),
    ]


def test_a_deal_is_told_with_names_and_what_its_owner_says_of_it(company: Settings) -> None:
    """Ann's call on 100 is one on 101. What no column holds is told aside: the id of the stage's, and a column of the company's own."""
    found = rows(
        company.home,
        "select opportunity_id, stage_label, account_name, lead_name, opportunity_type, probability, next_step, last_activity_on, "
        "last_activity_reason from fct_opportunity where opportunity_id in ('101', '102') order by 1",
    )
    assert found == [
        ("101", "Closed won", "Acme", "Eve One", None, None, None, date(2026, 11, 16), None),
        ("102", "Renewal due", "Bolt", "Eve Two", "existingbusiness", 0.4, "Send terms to Max", None, "none took place"),
    ]
    ((extra,),) = rows(company.home, "select extra from fct_opportunity where opportunity_id = '102'")
    told = json.loads(extra)
    assert (told["region"], told["deal_pipeline_stage_id"], told["deal_pipeline_id"]) == ("North", "Renewal due", "Renewals")
    assert "next_step" not in told
    leads = rows(
        company.home,
        "select name, account_name, owner_name, opportunity_name, extra ->> 'lifecyclestage' from dim_lead order by 1",
    )
    assert leads == [("Eve One", None, "Ann Lee", "Alpha", "opportunity"), ("Eve Two", None, "Ann Lee", "Beta", "lead")]


def test_mail_of_both_tools_is_credited_to_hubspots_owners(company: Settings) -> None:
    """Ann's is the other tool's, by her address. Of Bo's mail one opening was a machine's (C23), and one mail was never sent (C25);
    its reader is on two contact rows, and it was sent and opened once all the same (C24)."""
    found = rows(
        company.home,
        "select rep_name, emails_sent, emails_opened, emails_machine_opened, emails_dropped, calls from fct_activity_daily "
        "where activity_date = '2026-11-16' order by 1",
    )
    assert found == [("Ann Lee", 1, 1, 0, 0, 1), ("Bo Ek", 1, 1, 1, 1, 0)]


def test_nothing_delivered_is_lost(company: Settings) -> None:
    """P1; the corrected file's first telling is superseded, and counted."""
    assert rows(company.home, "select count(*) from ops_set_aside") == [(0,)]
    found = rows(
        company.home,
        "select sum(rows_loaded) = sum(rows_staged + rows_duplicate + rows_set_aside) from ops_file where rows_loaded is not null",
    )
    assert found == [(True,)]
