"""HubSpot's words: deals, the log of their stages and properties, merges, pipelines, owners, contacts, engagements, e-mail events.

Belongs here: which column says what, and which rows cannot be read. Does not belong here: what follows from it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from benchmarks.recount.company import Company, Stage, phase_of
from benchmarks.recount.delivery import BEFORE_ALL, Delivery, Row, Unreadable, moment, newest, readable
from benchmarks.recount.records import (
    UNKNOWN,
    Account,
    Activity,
    Deal,
    Lead,
    Mail,
    Person,
    Records,
    Told,
    Version,
    told_again,
)

SYSTEM = "hubspot"
_GONE = ("isdeleted", "fivetrandeleted", "archived")
# What a published column holds; all else is told in `extra`.
_HELD = {
    *(
        "dealid",
        "id",
        "hsobjectid",
        "recordid",
        "pipeline",
        "dealname",
    ),
    *(
        "ownerid",
        "hubspotownerid",
        "dealowner",
        "amount",
        "dealcurrencycode",
        "currency",
        "closedate",
        "createdate",
        "createdat",
    ),
    *("hsanalyticssource", "originalsource", "hsmanualforecastcategory", "forecastcategory", "segment", "closedlostreason"),
    *(
        "hsprimaryassociatedcompany",
        "dealtype",
        "hsnextstep",
        "hsdealstageprobability",
        "isdeleted",
        "fivetrandeleted",
        "archived",
    ),
}
_LEAD_PHASES = {"lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"}
_MAIL_KINDS = {
    "SENT": "sent",
    "DELIVERED": "delivered",
    "OPEN": "opened",
    "CLICK": "clicked",
    "BOUNCE": "bounced",
    "DROPPED": "dropped",
    "SPAMREPORT": "complained",
    "REPLY": "replied",
}


def read(delivery: Delivery, company: Company) -> Records:
    found = Records()
    book = _StageBook(delivery, company)
    found.deals = _deals(delivery, company, book)
    found.stages = book.all()
    found.people = _people(delivery)
    found.leads, found.contacts = _leads(delivery, found.deals)
    found.accounts = _accounts(delivery)
    found.activities = _activities(delivery, company)
    found.mails = _mails(delivery)
    return found


class _StageBook:
    """HubSpot's stages by id or label; the newest label is what people read, in its pipeline's newest label."""

    def __init__(self, delivery: Delivery, company: Company) -> None:
        self.company = company
        pipelines = newest(delivery.of(SYSTEM, "deal_pipeline"), lambda row: row.text("pipelineid", "id"))
        self.pipelines = {name: row.text("label") or name for name, row in pipelines.items()}
        self.rows = newest(
            delivery.of(SYSTEM, "deal_pipeline_stage"), lambda row: (row.text("stageid", "id"), row.text("pipelineid"))
        )
        self.stages: dict[tuple[str, str], Stage] = {}
        grouped: dict[str, list[tuple[Any, str, Row]]] = defaultdict(list)
        for place, row in self.rows.items():
            stage, pipeline = place
            grouped[pipeline].append((row.number("displayorder") or Decimal(0), stage, row))
        for pipeline, rows in grouped.items():
            ordered = sorted(rows, key=lambda each: (each[0], each[1]))
            name = self.pipelines.get(pipeline, pipeline)
            for order, (_, stage, row) in enumerate(ordered, 1):
                chance = _chance(row)
                phase = "won" if chance >= 1 else "lost" if chance <= 0 else phase_of(float(chance))
                self.stages[(pipeline, stage)] = Stage(name, row.text("label") or stage, order, phase, float(chance))

    def all(self) -> list[Stage]:
        configured = [
            self.company.stage_of(pipeline, stage["label"])
            for pipeline in self.company.raw.get("pipelines") or []
            for stage in pipeline["stages"]
        ]
        every = [*self.stages.values(), *(stage for stage in configured if stage is not None)]
        return sorted(every, key=lambda stage: (stage.pipeline, stage.order))

    def find(self, stage: str | None, pipeline: str | None) -> Stage:
        if stage is None and pipeline is None:
            return self._configured("(none)", "(none)")
        places = [place for place in self.stages if place[1] == stage or self.stages[place].key == stage]
        for place in places:
            if pipeline in (None, place[0], self.pipelines.get(place[0])):
                return self.stages[place]
        if len(places) == 1:
            return self.stages[places[0]]
        return self._configured(stage or "(none)", pipeline or "(none)")

    def entry(self, stage: Stage) -> Stage:
        own = [each for each in self.stages.values() if each.pipeline == stage.pipeline and each.status == "open"]
        return min(own, key=lambda each: each.order) if own else stage

    def _configured(self, stage: str, pipeline: str) -> Stage:
        configured = self.company.pipeline_of(pipeline)
        found = self.company.stage_of(configured, stage) if configured else None
        return found or Stage(configured["key"] if configured else pipeline, stage, 0, None)


def _chance(row: Row) -> Decimal:
    told = row.number("probability")
    if told is None and row.text("metadata"):
        told = Decimal(str(json.loads(row.text("metadata") or "{}").get("probability", "0.5")))
    return told if told is not None else Decimal("0.5")


def _stamp(row: Row) -> datetime | None:
    return row.moment("hslastmodifieddate", "lastmodifieddate", "updatedat")


def _is_gone(row: Row) -> bool:
    return any(row.flag(name) is True for name in _GONE)


def _deals(delivery: Delivery, company: Company, book: _StageBook) -> list[Deal]:
    def can_be_read(row: Row) -> bool:
        amount = row.number("amount")
        row.moment("createdate", "createdat")
        row.moment("closedate")
        _stamp(row)
        return row.text("dealid", "id", "hsobjectid", "recordid") is not None and (amount is None or amount >= 0)

    versions: dict[str, list[Row]] = defaultdict(list)
    for row in readable(delivery.of(SYSTEM, "deal"), can_be_read):
        versions[row.text("dealid", "id", "hsobjectid", "recordid") or ""].append(row)
    into = _merges(delivery, versions)
    parts: dict[str, list[str]] = defaultdict(list)
    for name in versions:
        parts[_survivor(name, into)].append(name)
    for gone in into:
        if gone not in versions:
            parts[_survivor(gone, into)].append(gone)
    stages = _stage_log(delivery)
    properties = _property_log(delivery)
    companies = _first_of(delivery.of(SYSTEM, "deal_company"), "dealid", "companyid")
    extracts = delivery.moments(SYSTEM, "deal")
    deals = []
    for name in [each for each in versions if each not in into]:
        rows = sorted(versions[name], key=lambda row: (row.extracted_at, _stamp(row) or BEFORE_ALL, row.order))
        row = rows[-1]
        every = [each for part in parts[name] for each in stages.get(part, [])]
        history = _history(every, properties.get(name, {}), book)
        created = [each.moment("createdate", "createdat") for part in parts[name] for each in versions.get(part, [])[-1:]]
        known = [moment_of for moment_of in created if moment_of is not None]
        stage = book.find(row.text("dealpipelinestageid", "dealstage"), row.text("dealpipelineid", "pipeline"))
        if stage.key == "(none)" and history:
            stage = history[-1].stage
        deleted = (_stamp(row) or row.extracted_at) if _is_gone(row) else None
        deals.append(
            Deal(
                SYSTEM,
                name,
                min(known) if known else None,
                told_again([_version(each, book, company, stage if each is row else None) for each in rows], extracts),
                history,
                deleted,
                name=row.text("dealname"),
                account=row.text("hsprimaryassociatedcompany", "primaryassociatedcompanyid") or companies.get(name),
                owner=row.text("ownerid", "hubspotownerid", "dealowner"),
                source=row.text("hsanalyticssource"),
                segment=row.text("segment"),
                currency=row.text("dealcurrencycode", "currency"),
                category=row.text("hsmanualforecastcategory", "forecastcategory"),
                lost_reason=row.text("closedlostreason"),
                entry=book.entry(stage),
                is_expected_taken_back=False,
                extra={theirs: row.text(known) for known, theirs in row.names.items() if known not in _HELD},
            )
        )
    return deals


def _version(row: Row, book: _StageBook, company: Company, stage: Stage | None) -> Version:
    close = row.moment("closedate")
    told = Told(
        row.extracted_at,
        stage or book.find(row.text("dealpipelinestageid", "dealstage"), row.text("dealpipelineid", "pipeline")),
        row.number("amount"),
        company.day(close) if close else None,
        row.text("ownerid", "hubspotownerid"),
    )
    return Version(row.extracted_at, row.extracted_on, row.is_of_a_day, told, close, _stamp(row), _is_gone(row))


def _merges(delivery: Delivery, versions: dict[str, list[Row]]) -> dict[str, str]:
    into: dict[str, str] = {}
    for row in delivery.of(SYSTEM, "merged_deal"):
        survivor, gone = row.text("dealid"), row.text("mergeddealid")
        if survivor and gone and survivor != gone and survivor in versions:
            into[gone] = survivor
    for name, rows in versions.items():
        for gone in re.split(r"[;,\s]+", rows[-1].text("hsmergedobjectids", "mergeddealids") or ""):
            if gone and gone != name:
                into[gone] = name
    return into


def _survivor(name: str, into: dict[str, str]) -> str:
    seen = {name}
    while name in into and into[name] not in seen:
        name = into[name]
        seen.add(name)
    return name


def _stage_log(delivery: Delivery) -> dict[str, list[tuple[datetime, str]]]:
    def can_be_read(row: Row) -> bool:
        return (
            row.text("dealid", "recordid") is not None
            and row.moment("dateentered", "timestamp", "fivetranstart") is not None
        )

    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in readable(delivery.of(SYSTEM, "deal_stage"), can_be_read):
        at, value = row.moment("dateentered", "timestamp", "fivetranstart"), row.text("value", "dealstage")
        if at and value and (at, value) not in found[row.text("dealid", "recordid") or ""]:
            found[row.text("dealid", "recordid") or ""].append((at, value))
    for name, told in _property_log(delivery).items():
        for at, value in told.get("dealstage", []):
            second = at.replace(microsecond=0)
            if value and not any(each.replace(microsecond=0) == second and other == value for each, other in found[name]):
                found[name].append((at, value))
    return found


def _property_log(delivery: Delivery) -> dict[str, dict[str, list[tuple[datetime, str | None]]]]:
    found: dict[str, dict[str, list[tuple[datetime, str | None]]]] = defaultdict(lambda: defaultdict(list))
    rows = readable(
        delivery.of(SYSTEM, "deal_property_history"),
        lambda row: row.moment("changedat", "timestamp", "changedate") is not None,
    )
    for row in rows:
        at, deal = row.moment("changedat", "timestamp", "changedate"), row.text("dealid", "recordid", "objectid")
        if at and deal:
            found[deal][(row.text("name") or "").lower()].append((at, row.text("value")))
    for logs in found.values():
        for told in logs.values():
            told.sort(key=lambda each: each[0])
    return found


def _history(
    stages: list[tuple[datetime, str]], logs: dict[str, list[tuple[datetime, str | None]]], book: _StageBook
) -> list[Told]:
    """One row per change of stage, and per change of amount or close date that the log of properties tells."""
    if not stages:
        return []
    stages = sorted(stages)
    moments = sorted(
        {at for at, _ in stages}
        | {at for name in ("amount", "closedate") for at, _ in logs.get(name, []) if at >= stages[0][0]}
    )
    found = []
    for at in moments:
        now = [value for when, value in stages if when <= at][-1]
        here = [value for when, value in stages if when == at] or [now]
        for value in here:
            found.append(
                Told(
                    at,
                    book.find(value, None),
                    _logged_amount(logs, at),
                    _logged_close(logs, at) if "closedate" in logs else UNKNOWN,
                )
            )
    return found


def _logged_amount(logs: dict[str, list[tuple[datetime, str | None]]], at: datetime) -> Any:
    if "amount" not in logs:
        return UNKNOWN
    told = [value for when, value in logs["amount"] if when <= at]
    try:
        return Decimal(told[-1]) if told and told[-1] is not None else None
    except ArithmeticError:
        return None


def _logged_close(logs: dict[str, list[tuple[datetime, str | None]]], at: datetime) -> date | None:
    told = [value for when, value in logs["closedate"] if when <= at]
    if not told or told[-1] is None:
        return None
    try:
        return moment(told[-1], None).date()
    except Unreadable:
        return None


def _first_of(rows: list[Row], key: str, value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        if row.text(key) and row.text(value):
            found.setdefault(row.text(key) or "", row.text(value) or "")
    return found


def _people(delivery: Delivery) -> list[Person]:
    users = newest(delivery.of(SYSTEM, "user"), lambda row: row.text("id", "userid"))
    roles = newest(delivery.of(SYSTEM, "role"), lambda row: row.text("id", "roleid"))
    teams = {
        name: row.text("name")
        for name, row in newest(delivery.of(SYSTEM, "team"), lambda row: row.text("id", "teamid")).items()
    }
    primary = {
        row.text("ownerid"): row.text("teamid")
        for row in delivery.of(SYSTEM, "owner_team")
        if row.flag("isteamprimary", "primary")
    }
    found = []
    for name, row in newest(delivery.of(SYSTEM, "owner"), lambda each: each.text("ownerid", "id")).items():
        user = users.get(row.text("activeuserid", "userid") or "")
        team = primary.get(name) or (user.text("primaryteamid") if user else None)
        role = roles.get(user.text("roleid") or "") if user else None
        full = " ".join(word for word in (row.text("firstname"), row.text("lastname")) if word) or None
        mail = (row.text("email") or "").lower() or None
        found.append(
            Person(
                SYSTEM,
                name,
                full or mail,
                mail,
                [(row.extracted_on, teams.get(team or ""))],
                [(row.extracted_on, None)],
                (role.text("name") or "").lower() if role else None,
            )
        )
    return found


def _leads(delivery: Delivery, deals: list[Deal]) -> tuple[list[Lead], list[Lead]]:
    def can_be_read(row: Row) -> bool:
        return (
            row.text("id", "contactid", "hsobjectid", "vid", "recordid") is not None
            and row.moment("createdate", "createdat") is not None
        )

    del deals
    rows = newest(
        readable(delivery.of(SYSTEM, "contact"), can_be_read),
        lambda row: row.text("id", "contactid", "hsobjectid", "vid", "recordid"),
        _stamp,
    )
    merged = {
        gone: name
        for name, row in rows.items()
        for gone in re.split(r"[;,\s]+", row.text("hsmergedobjectids", "mergedcontactids", "hscalculatedmergedvids") or "")
        if gone and gone != name
    }
    first_deal: dict[str, str] = {}
    for row in delivery.of(SYSTEM, "deal_contact"):
        if row.text("contactid") and row.text("dealid"):
            first_deal.setdefault(row.text("contactid") or "", row.text("dealid") or "")
    leads: list[Lead] = []
    contacts: list[Lead] = []
    for name, row in rows.items():
        stage = (row.text("lifecyclestage") or "").lower()
        dates = [row.moment(f"hslifecyclestage{phase}date") for phase in _LEAD_PHASES]
        told = [at for at in dates if at is not None]
        is_lead = stage in _LEAD_PHASES or not stage or bool(told)
        qualified = [
            at
            for at in (
                row.moment("hslifecyclestagemarketingqualifiedleaddate"),
                row.moment("hslifecyclestagesalesqualifiedleaddate"),
            )
            if at
        ]
        made = row.moment("createdate", "createdat") or BEFORE_ALL
        lead = Lead(
            SYSTEM,
            name,
            min(told) if told else made,
            (row.text("email") or "").lower() or None,
            row.text("hubspotownerid", "ownerid"),
            row.text("hsanalyticssource"),
            row.text("associatedcompanyid"),
            first_deal.get(name),
            min(qualified) if qualified else None,
            tells_qualified=row.has("hslifecyclestagemarketingqualifiedleaddate", "hslifecyclestagesalesqualifiedleaddate"),
            is_deleted=_is_gone(row) or name in merged,
            merged_into=merged.get(name),
        )
        (leads if is_lead else contacts).append(lead)
    return leads, contacts


def _accounts(delivery: Delivery) -> list[Account]:
    return [
        Account(SYSTEM, name, {"name": row.text("name", "companyname"), "industry": row.text("industry")}, _is_gone(row))
        for name, row in newest(
            delivery.of(SYSTEM, "company"), lambda row: row.text("id", "companyid", "hsobjectid", "recordid"), _stamp
        ).items()
    ]


def _activities(delivery: Delivery, company: Company) -> list[Activity]:
    heads = newest(delivery.of(SYSTEM, "engagement"), lambda row: row.text("id", "engagementid"))
    found = []
    for kind in ("call", "meeting", "email", "task"):
        for name, row in newest(
            delivery.of(SYSTEM, f"engagement_{kind}"), lambda each: each.text("engagementid", "id", "hsobjectid", "recordid")
        ).items():
            head = heads.get(name)
            at = row.moment("hstimestamp", "timestamp") or (head.moment("occurredat", "timestamp") if head else None)
            made = row.moment("hscreatedate", "createdate", "createdat")
            if kind == "meeting":
                at = row.moment("hsmeetingstarttime", "starttime", "meetingstarttime") or at
            owner = row.text("hubspotownerid", "ownerid") or (head.text("ownerid") if head else None)
            if kind == "task" and (row.text("hstaskstatus", "status") or "").lower() != "completed":
                continue
            if at and not _is_gone(row):
                found.append(
                    Activity(
                        SYSTEM, name, kind, owner, company.day(at), company.day(made) if kind == "meeting" and made else None
                    )
                )
    return found


def _mails(delivery: Delivery) -> list[Mail]:
    sent_from = {
        row.text("id"): row.text("fromaddress", "from")
        for name in ("email_event", "email_event_sent", "email_event_dropped")
        for row in delivery.of(SYSTEM, name)
        if row.text("fromaddress", "from")
    }
    found = []
    for name, row in newest(
        readable(delivery.of(SYSTEM, "email_event"), lambda each: each.moment("created") is not None),
        lambda each: each.text("id"),
    ).items():
        kind = _MAIL_KINDS.get((row.text("type") or "").upper())
        at = row.moment("created")
        message = name if kind in ("sent", "dropped") else row.text("sentbyid") or name
        sender = sent_from.get(name) or sent_from.get(message)
        found_address = re.search(r"[^<>\s]+@[^<>\s]+", sender or "")
        if kind and at:
            found.append(
                Mail(
                    SYSTEM,
                    name,
                    kind,
                    at,
                    message,
                    None,
                    found_address.group().lower() if found_address else None,
                    (row.text("recipient") or "").lower() or None,
                    row.flag("filteredevent") is True and kind in ("opened", "clicked"),
                )
            )
    return found
