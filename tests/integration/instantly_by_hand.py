"""A company that finds people in Instantly and keeps its deals in Salesforce, small enough to count by hand.

Belongs here: the landing, in the shapes of Instantly's public API documentation (pages, a plain array, webhook lines that come
again), Salesforce rows with ids of 15 and of 18 characters, and the hand-kept sheets. Does not belong here: what must come of it
(test_instantly.py).

Ann of Acme is two leads in Instantly (two campaigns), two in Salesforce (one was merged into the other, and that one converted)
and a contact: one person. Bob is a lead in Instantly. The rep writes from a mailbox on a domain of its own.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nights import write_jsonl

REP, MAILBOX = "rep@us.example", "rep@try-us.example"
SPRING, AUTUMN = "019d0000-0000-7000-8000-000000000001", "019d0000-0000-7000-8000-000000000002"


def long_id(short: str) -> str:
    """The 18 characters of a Salesforce id of 15, worked out apart from the SQL: each five characters give one that says their case."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(2**place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())
        suffix += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]
    return short + suffix


USER, ACCOUNT, MERGED_ACCOUNT = "005A0000000000a", "001A0000000000a", "001A0000000000b"
LEAD, MERGED_LEAD, CONTACT = "00QA0000000000a", "00QA0000000000b", "003A0000000000a"
DEAL, COMPARED_DEAL = "006A0000000000a", "006A0000000000b"


def deliver(landing: Path) -> None:
    """Write the landing: two nights of webhooks, one of all else."""
    _deliver_instantly(landing / "instantly")
    _deliver_salesforce(landing / "salesforce")
    sheet = "system,object,record_id,person,reason,decided_on\n"
    _write(landing / "generic" / "person_match" / "person_match_2026-11-21.csv", sheet, [
        f",email,{MAILBOX},{REP},sends from here,2026-11-01",
        "instantly,lead,nobody,ann@acme.com,left the campaign,2026-11-01",
    ])  # fmt: skip
    _write(landing / "generic" / "company_match" / "company_match_2026-11-21.csv", "system,object,record_id,company\n", [
        ",domain,acme.co.uk,acme.com",
    ])  # fmt: skip


def webhooks() -> list[dict[str, Any]]:
    """Twelve events as Instantly posts them."""
    ann = {
        "workspace": "w",
        "campaign_id": SPRING,
        "campaign_name": "Spring",
        "lead_email": "Ann@acme.com",
        "email_account": MAILBOX,
    }
    bob = {**ann, "lead_email": "bob@gmail.com"}
    step = {"step": 1, "variant": 1}
    return [
        {**ann, **step, "timestamp": "2026-11-18T15:00:00.000Z", "event_type": "email_sent", "is_first": True, "email_id": "M1"},
        {**bob, **step, "timestamp": "2026-11-18T15:05:00.000Z", "event_type": "email_sent", "is_first": True, "email_id": "M2"},
        {**bob, **step, "timestamp": "2026-11-18T15:06:00.000Z", "event_type": "email_bounced"},
        {**ann, **step, "timestamp": "2026-11-18T16:00:00.000Z", "event_type": "email_opened", "is_first": True},
        {**ann, **step, "timestamp": "2026-11-18T17:00:00.000Z", "event_type": "email_opened", "is_first": False},
        {**ann, **step, "timestamp": "2026-11-18T17:01:00.000Z", "event_type": "email_link_clicked"},
        {**ann, **step, "timestamp": "2026-11-18T17:02:00.000Z", "event_type": "link_clicked"},
        {**ann, **step, "timestamp": "2026-11-19T09:00:00.000Z", "event_type": "reply_received", "reply_text_snippet": "Yes"},
        {**ann, "timestamp": "2026-11-19T10:00:00.000Z", "event_type": "lead_interested"},
        {**ann, "timestamp": "2026-11-19T10:01:00.000Z", "event_type": "lead_meeting_booked"},
        {**ann, "timestamp": "2026-11-19T10:02:00.000Z", "event_type": "Hot lead"},
        {"timestamp": "2026-11-19T11:00:00.000Z", "event_type": "campaign_completed", "workspace": "w", "campaign_id": SPRING,
         "campaign_name": "Spring"},
    ]  # fmt: skip


def _deliver_instantly(folder: Path) -> None:
    campaigns = [{"id": SPRING, "name": "Spring", "status": 1}, {"id": AUTUMN, "name": "Autumn", "status": 3}]
    # One page, indented as an API explorer shows it.
    _write(
        folder / "campaign" / "campaign_2026-11-21.json",
        json.dumps({"items": campaigns, "next_starting_after": None}, indent=2),
        [],
    )
    lead = {"timestamp_created": "2026-11-10T08:00:00.000Z", "timestamp_updated": "2026-11-10T08:00:00.000Z", "status": 1}
    # Two pages, as a script saves them: parts of one extract.
    first_page = [
        {
            **lead,
            "id": "I1",
            "email": "ann@acme.com",
            "company_name": "Acme",
            "company_domain": "acme.com",
            "campaign": SPRING,
        },
        {**lead, "id": "I2", "email": "bob@gmail.com", "company_name": "Bob's", "campaign": SPRING, "status": -1},
    ]
    second_page = [
        {**lead, "id": "I3", "email": "Ann+news@ACME.com", "website": "https://www.acme.co.uk/uk", "campaign": AUTUMN}
    ]
    write_jsonl(folder / "lead" / "lead_1_2026-11-21.json", [{"items": first_page, "next_starting_after": "I2"}])
    write_jsonl(folder / "lead" / "lead_2_2026-11-21.json", [{"items": second_page}])
    first, second = webhooks()[:8], webhooks()[6:]
    write_jsonl(folder / "event" / "event_2026-11-20.jsonl", [*first, first[0]])
    write_jsonl(folder / "event" / "event_2026-11-21.jsonl", [first[0], *second])
    # The list tells of the first mail again, and of one that was written by hand.
    emails = [
        {"id": "M1", "ue_type": 1, "timestamp_email": "2026-11-18T15:00:07.000Z", "eaccount": MAILBOX, "lead": "ann@acme.com",
         "campaign_id": SPRING, "to_address_email_list": "ann@acme.com"},
        {"id": "M9", "ue_type": 3, "timestamp_email": "2026-11-20T09:00:00.000Z", "eaccount": REP, "lead": "ann@acme.com",
         "campaign_id": SPRING, "to_address_email_list": "ann@acme.com"},
    ]  # fmt: skip
    _write(folder / "email" / "email_2026-11-21.json", json.dumps(emails), [])
    steps = [{"step": "1", "variant": "0", "sent": 2, "opened": 2, "unique_opened": 1, "replies": 1, "unique_replies": 1}]
    _write(folder / "campaign_step_analytics" / "steps_2026-11-21.json", json.dumps(steps), [])


def _deliver_salesforce(folder: Path) -> None:
    stamp = "2026-11-20T08:00:00Z"
    _csv(folder, "user", "Id,Name,Email,IsActive", [[long_id(USER), "Rep", REP, "true"]])
    _csv(folder, "account", "Id,Name,Website,CreatedDate,MasterRecordId,IsDeleted", [
        [ACCOUNT, "Acme", "https://acme.com", stamp, "", "false"],
        [long_id(MERGED_ACCOUNT), "Acme SA", "acme.fr", stamp, ACCOUNT, "true"],
    ])  # fmt: skip
    _csv(folder, "contact", "Id,Email,AccountId,CreatedDate", [[long_id(CONTACT), "ann@acme.com", MERGED_ACCOUNT, stamp]])
    converted = ["2026-11-15T12:00:00Z", DEAL, ACCOUNT, CONTACT]
    _csv(
        folder,
        "lead",
        "Id,Email,LeadSource,OwnerId,CreatedDate,ConvertedDate,ConvertedOpportunityId,ConvertedAccountId,ConvertedContactId,"
        "MasterRecordId,IsDeleted",
        [
            [long_id(LEAD), "ANN@acme.com", "Website", USER, "2026-11-12T08:00:00Z", *converted, "", "false"],
            [
                MERGED_LEAD,
                "ann.old@acme.com",
                "Webinar",
                USER,
                "2026-11-11T08:00:00Z",
                "",
                "",
                "",
                "",
                long_id(LEAD),
                "true",
            ],
        ],
    )
    _csv(folder, "opportunity", "Id,StageName,Amount,CloseDate,CreatedDate,AccountId,OwnerId", [
        [DEAL, "engagement", "1000", "2026-12-31", "2026-11-15T12:00:00Z", long_id(MERGED_ACCOUNT), long_id(USER)],
        [long_id(COMPARED_DEAL), "closing", "500", "2026-12-31", "2026-11-10T12:00:00Z", ACCOUNT, USER],
    ])  # fmt: skip
    _csv(folder, "opportunity_field_history", "Id,OpportunityId,Field,OldValue,NewValue,CreatedDate", [
        ["017A0000000000a", long_id(DEAL), "StageName", "qualification", "engagement", "2026-11-17T12:00:00Z"],
        ["017A0000000000b", DEAL, "CloseDate", "2026-11-30", "2026-12-31", "2026-11-18T12:00:00Z"],
        ["017A0000000000c", COMPARED_DEAL, "StageName", "qualification", "engagement", "2026-11-12T12:00:00Z"],
        ["017A0000000000d", COMPARED_DEAL, "StageName", "engagement", "closing", "2026-11-14T12:00:00Z"],
    ])  # fmt: skip
    _csv(folder, "opportunity_history", "Id,OpportunityId,StageName,CreatedDate", [
        ["008A0000000000a", COMPARED_DEAL, "qualification", "2026-11-10T12:00:00Z"],
        ["008A0000000000b", long_id(COMPARED_DEAL), "closing", "2026-11-14T12:00:20Z"],
    ])  # fmt: skip
    _csv(folder, "task", "Id,WhoId,OwnerId,TaskSubtype,IsClosed,CompletedDateTime,CreatedDate", [
        ["00TA0000000000a", MERGED_LEAD, USER, "Call", "true", "2026-11-13T12:00:00Z", "2026-11-13T12:00:00Z"],
        ["00TA0000000000b", CONTACT, long_id(USER), "Call", "true", "2026-11-14T12:00:00Z", "2026-11-14T12:00:00Z"],
    ])  # fmt: skip
    # The meeting that Instantly tells was booked at 10:01, written into the calendar four minutes later.
    _csv(folder, "event", "Id,WhoId,OwnerId,StartDateTime,CreatedDate", [
        ["00UA0000000000a", CONTACT, USER, "2026-11-25T15:00:00Z", "2026-11-19T10:05:00Z"],
    ])  # fmt: skip
    _csv(folder, "campaign", "Id,Name", [["701A0000000000a", "Trade show"], ["701A0000000000b", "Webinar"]])
    _csv(folder, "campaign_member", "Id,CampaignId,LeadId,ContactId,CreatedDate", [
        ["00vA0000000000a", long_id("701A0000000000a"), LEAD, CONTACT, "2026-11-14T08:00:00Z"],
        ["00vA0000000000b", "701A0000000000b", long_id(MERGED_LEAD), "", "2026-11-11T09:00:00Z"],
    ])  # fmt: skip


def _csv(folder: Path, name: str, header: str, rows: Sequence[Sequence[str]]) -> None:
    path = folder / name / f"{name}_2026-11-21.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header.split(","), *rows])


def _write(path: Path, text: str, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "".join(f"{line}\n" for line in lines), encoding="utf-8")
