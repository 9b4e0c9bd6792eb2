"""Salesforce's words: Opportunity and its history (its own, or a warehouse's history mode), stages, users, leads, tasks and events.

Belongs here: which column says what, and which rows cannot be read. Does not belong here: what follows from it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from benchmarks.recount.company import Company, Stage, phase_of
from benchmarks.recount.delivery import BEFORE_ALL, Delivery, Row, by_id, judged, newest, readable, squash
from benchmarks.recount.records import UNKNOWN, Account, Activity, Deal, Lead, Person, Records, Told, Version, told_again

SYSTEM = "salesforce"
_STAMPS = ("createddate", "lastmodifieddate", "systemmodstamp")
# What a published column holds; all else is told in `extra`.
_HELD = {
    "id",
    "accountid",
    "name",
    "amount",
    "currencyisocode",
    "probability",
    "closedate",
    "type",
    "leadsource",
    "forecastcategoryname",
    "ownerid",
    "segment",
    "lossreasonc",
    "createddate",
    "isdeleted",
    "stagename",
    "nextstep",
}


def read(delivery: Delivery, company: Company) -> Records:
    found = Records()
    _whole_ids(delivery)
    found.stages, labels = _stages(delivery, company)
    found.deals = _deals(delivery, company, labels)
    found.people = _people(delivery, company)
    found.leads = _leads(delivery, company)
    found.contacts = _contacts(delivery)
    found.accounts = _accounts(delivery)
    found.activities = _activities(delivery, company)
    return found


def _whole_ids(delivery: Delivery) -> None:
    """An id of 15 letters is the one of 18 whose last three say which of its letters are capitals."""
    for (system, _), rows in delivery.rows.items():
        if system == SYSTEM:
            for row in rows:
                for name, value in row.cells.items():
                    if name.endswith("id") and len(value) == 15 and value.isalnum():
                        row.cells[name] = value + _checksum(value)


def _checksum(short: str) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = (short[0:5], short[5:10], short[10:15])
    return "".join(letters[sum(1 << place for place, letter in enumerate(part) if letter.isupper())] for part in parts)


def _stamp(row: Row) -> datetime | None:
    return row.moment("systemmodstamp", "lastmodifieddate")


def _stamps_read(row: Row) -> bool:
    told = [row.moment(name) for name in _STAMPS]
    return not row.is_from_the_future(told[0])


def _stages(delivery: Delivery, company: Company) -> tuple[list[Stage], dict[str, Stage]]:
    pipeline = company.pipeline_of(None)
    labels: dict[str, Stage] = {}
    crm = newest(
        delivery.of(SYSTEM, "opportunitystage") or delivery.of(SYSTEM, "opportunity_stage"),
        lambda row: row.text("masterlabel"),
    )
    if pipeline is None:
        newest_names: dict[str, str] = {}
        for row in delivery.of(SYSTEM, "opportunity_stage"):
            newest_names[row.text("id") or row.text("masterlabel") or ""] = row.text("masterlabel") or ""
        living = {name: crm[name] for name in newest_names.values()}
        ordered = sorted(living.items(), key=lambda pair: (pair[1].number("sortorder") or 0, pair[0]))
        for order, (name, row) in enumerate(ordered, 1):
            chance = row.number("defaultprobability")
            phase = "won" if row.flag("iswon") else "lost" if row.flag("isclosed") else phase_of(float(chance or 0) / 100)
            labels[name.casefold()] = Stage(
                "default", name, order, phase, float(chance) / 100 if chance is not None else None
            )
        # One Id is one stage, whatever it was called.
        for row in delivery.of(SYSTEM, "opportunity_stage"):
            name = newest_names[row.text("id") or row.text("masterlabel") or ""]
            labels.setdefault((row.text("masterlabel") or "").casefold(), labels[name.casefold()])
        return sorted(set(labels.values()), key=lambda stage: stage.order), labels
    stages = []
    for stage in pipeline["stages"]:
        known = company.stage_of(pipeline, stage["label"])
        if known:
            stages.append(known)
            labels[stage["label"].casefold()] = known
    for old in pipeline.get("retired", []):
        known = company.stage_of(pipeline, old["label"])
        if known:
            labels[old["label"].casefold()] = known
    return stages, labels


def _deals(delivery: Delivery, company: Company, labels: dict[str, Stage]) -> list[Deal]:
    def can_be_read(row: Row) -> bool:
        amount = row.number("amount")
        row.day("closedate")
        row.number("probability")
        return (
            _stamps_read(row)
            and row.text("id") is not None
            and row.text("stagename") is not None
            and (amount is None or amount >= 0)
        )

    rows = readable(delivery.of(SYSTEM, "opportunity"), can_be_read)
    versions: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        versions[row.text("id") or ""].append(row)
    history = _history(delivery, labels)
    products = _products(delivery)
    entry = company.pipeline_of(None)
    first_open = next(
        (stage for stage in sorted(set(labels.values()), key=lambda each: each.order) if stage.status == "open"), None
    )
    if entry and entry.get("entry_stage"):
        first_open = next(stage for stage in labels.values() if stage.key == entry["entry_stage"])
    segment = squash(company.raw.get("segment_column") or "segment")
    extracts = delivery.moments(SYSTEM, "opportunity")
    deals = []
    for name, all_of_it in versions.items():
        all_of_it.sort(key=lambda row: (row.extracted_at, _stamp(row) or BEFORE_ALL, row.order))
        row = all_of_it[-1]
        gone = row.flag("isdeleted") is True
        deals.append(
            Deal(
                SYSTEM,
                name,
                row.moment("createddate"),
                told_again([_version(each, company, labels) for each in all_of_it], extracts),
                history.get(name, []),
                (row.moment("lastmodifieddate", "systemmodstamp") or row.extracted_at) if gone else None,
                name=row.text("name"),
                account=row.text("accountid"),
                owner=row.text("ownerid"),
                source=row.text("leadsource"),
                segment=row.text(segment),
                currency=row.text("currencyisocode"),
                product=products.get(name),
                category=row.text("forecastcategoryname", "forecastcategory"),
                lost_reason=row.text("lossreasonc"),
                extra={
                    theirs: row.text(known) for known, theirs in row.names.items() if known not in _HELD and known != segment
                },
                kind=row.text("type"),
                next_step=row.text("nextstep"),
                probability=_share(row),
                entry=first_open,
            )
        )
    return deals


def _share(row: Row) -> float | None:
    """Per cent in Salesforce; what lies outside of 0 to 100 is not told."""
    told = row.number("probability")
    return float(told) / 100 if told is not None and 0 <= told <= 100 else None


def _version(row: Row, company: Company, labels: dict[str, Stage]) -> Version:
    close = row.day("closedate")
    told = Told(row.extracted_at, _stage(row, labels), row.number("amount"), close, row.text("ownerid"))
    return Version(
        row.extracted_at,
        row.extracted_on,
        row.is_of_a_day,
        told,
        company.midnight(close) if close else None,
        _stamp(row),
        row.flag("isdeleted") is True,
    )


def _stage(row: Row, labels: dict[str, Stage]) -> Stage:
    label = row.text("stagename") or ""
    return labels.get(label.casefold()) or Stage("default", label, 0, None)


def _history(delivery: Delivery, labels: dict[str, Stage]) -> dict[str, list[Told]]:
    def can_be_read(row: Row) -> bool:
        row.number("amount")
        row.day("closedate")
        row.moment("createddate")
        return row.text("id") is not None and (row.moment("createddate", "fivetranstart") is not None)

    rows = readable(delivery.of(SYSTEM, "opportunity_history"), can_be_read)
    found: dict[str, list[Told]] = defaultdict(list)
    is_mode = any(row.has("fivetranstart") for row in rows)
    if is_mode:
        for row in newest(rows, lambda each: (each.text("id"), each.text("fivetranstart"))).values():
            found[row.text("id") or ""].append(_told(row, row.moment("fivetranstart") or BEFORE_ALL, labels))
    else:
        for row in newest(rows, lambda each: each.text("id")).values():
            if row.flag("isdeleted") is not True:
                found[row.text("opportunityid") or ""].append(_told(row, row.moment("createddate") or BEFORE_ALL, labels))
    return found


def _told(row: Row, at: datetime, labels: dict[str, Stage]) -> Told:
    return Told(
        at,
        _stage(row, labels),
        row.number("amount") if row.has("amount") else UNKNOWN,
        row.day("closedate") if row.has("closedate") else UNKNOWN,
        row.text("ownerid") if row.has("ownerid") else UNKNOWN,
        order=row.order,
    )


def _products(delivery: Delivery) -> dict[str, str]:
    """The product of a deal's largest line."""
    names = {
        name: row.text("name") or name
        for name, row in newest(delivery.of(SYSTEM, "product2"), lambda row: row.text("id")).items()
    }
    lines = newest(
        readable(
            delivery.of(SYSTEM, "opportunity_line_item"), lambda row: [row.number("totalprice"), row.number("quantity")]
        ),
        lambda row: row.text("id"),
        _stamp,
    )
    largest: dict[str, tuple[Decimal, str, str]] = {}
    for name, row in lines.items():
        deal, product = row.text("opportunityid"), row.text("product2id")
        if deal is None or product is None or row.flag("isdeleted"):
            continue
        price = row.number("totalprice")
        if price is None:
            price = (row.number("quantity") or Decimal(0)) * (row.number("unitprice") or Decimal(0))
        rank = (price, name, product)
        if deal not in largest or rank[0] > largest[deal][0]:
            largest[deal] = rank
    return {deal: names.get(product, product) for deal, (_, _, product) in largest.items()}


def _people(delivery: Delivery, company: Company) -> list[Person]:
    roles = newest(delivery.of(SYSTEM, "user_role"), lambda row: row.text("id"))
    team = squash(company.raw.get("team_column") or "team")
    found = []
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in readable(delivery.of(SYSTEM, "user"), _stamps_read):
        if row.text("id"):
            by_id[row.text("id") or ""].append(row)
    for name, rows in by_id.items():
        rows.sort(key=lambda row: (row.extracted_at, _stamp(row) or BEFORE_ALL, row.order))
        row = rows[-1]
        role = roles.get(row.text("userroleid") or "")
        full = row.text("name") or " ".join(word for word in (row.text("firstname"), row.text("lastname")) if word) or None
        found.append(
            Person(
                SYSTEM,
                name,
                full,
                _mail(row.text("email")),
                [(each.extracted_on, each.text(team)) for each in rows],
                [(each.extracted_on, each.text("podc", "pod")) for each in rows],
                ((role.text("name") if role else None) or row.text("title") or "").lower() or None,
                row.text("managerid"),
                row.flag("isactive"),
                row.day("startdatec"),
                None,
            )
        )
    return found


def _leads(delivery: Delivery, company: Company) -> list[Lead]:
    def can_be_read(row: Row) -> bool:
        row.moment("converteddate")
        row.number("numberofemployees")
        return _stamps_read(row) and row.text("id") is not None and row.moment("createddate") is not None

    found = []
    for name, rows in by_id(readable(delivery.of(SYSTEM, "lead"), can_be_read), lambda row: row.text("id"), _stamp).items():
        row = rows[-1]
        merged = row.text("masterrecordid")
        found.append(
            Lead(
                SYSTEM,
                name,
                row.moment("createddate") or BEFORE_ALL,
                _mail(row.text("email")),
                row.text("ownerid"),
                row.text("leadsource"),
                row.text("convertedaccountid"),
                row.text("convertedopportunityid"),
                converted=row.moment("converteddate"),
                is_deleted=row.flag("isdeleted") is True or merged is not None,
                merged_into=merged,
                contact=row.text("convertedcontactid"),
                values=_of_lead(row),
                before_conversion=_of_lead(judged(rows, lambda each: each.moment("converteddate"))),
            )
        )
    return found


def _of_lead(row: Row) -> dict[str, Any]:
    """What scores ask of a lead."""
    names = ("title", "company", "industry", "country", "status")
    told = {name: row.text(name) for name in names}
    return {**told, "source": row.text("leadsource"), "employees": row.number("numberofemployees")}


def _contacts(delivery: Delivery) -> list[Lead]:
    found = []
    rows = readable(delivery.of(SYSTEM, "contact"), lambda row: _stamps_read(row) and row.text("id") is not None)
    for name, row in newest(rows, lambda row: row.text("id"), _stamp).items():
        merged = row.text("masterrecordid")
        found.append(
            Lead(
                SYSTEM,
                name,
                row.moment("createddate") or BEFORE_ALL,
                _mail(row.text("email")),
                account=row.text("accountid"),
                is_deleted=row.flag("isdeleted") is True or merged is not None,
                merged_into=merged,
            )
        )
    return found


def _accounts(delivery: Delivery) -> list[Account]:
    def can_be_read(row: Row) -> bool:
        row.number("numberofemployees")
        return _stamps_read(row) and row.text("id") is not None

    return [
        Account(
            SYSTEM,
            name,
            {
                "name": row.text("name"),
                "domain": (row.text("website") or "").lower() or None,
                "industry": row.text("industry"),
                "employees": row.number("numberofemployees"),
                "country": row.text("billingcountry"),
                "created_at": row.moment("createddate"),
                "merged": row.text("masterrecordid"),
            },
            row.flag("isdeleted") is True or row.text("masterrecordid") is not None,
        )
        for name, row in newest(
            readable(delivery.of(SYSTEM, "account"), can_be_read), lambda row: row.text("id"), _stamp
        ).items()
    ]


def _activities(delivery: Delivery, company: Company) -> list[Activity]:
    found = []

    def task_can_be_read(row: Row) -> bool:
        row.day("activitydate")
        row.moment("completeddatetime")
        return _stamps_read(row) and row.text("id") is not None

    def event_can_be_read(row: Row) -> bool:
        for name in ("startdatetime", "enddatetime", "activitydatetime"):
            row.moment(name)
        row.day("activitydate")
        return _stamps_read(row) and row.text("id") is not None

    for name, row in newest(
        readable(delivery.of(SYSTEM, "task"), task_can_be_read), lambda row: row.text("id"), _stamp
    ).items():
        is_done = row.flag("isclosed") is True or (row.text("status") or "").lower() == "completed"
        if row.flag("isdeleted") or not is_done:
            continue
        done = row.moment("completeddatetime")
        on = company.day(done) if done else row.day("activitydate")
        kind = {"call": "call", "email": "email"}.get((row.text("tasksubtype", "type") or "").lower(), "task")
        if on:
            found.append(
                Activity(
                    SYSTEM,
                    f"task:{name}",
                    kind,
                    row.text("ownerid"),
                    on,
                    None,
                    deal=row.text("whatid"),
                    lead=row.text("whoid"),
                )
            )
    for name, row in newest(
        readable(delivery.of(SYSTEM, "event"), event_can_be_read), lambda row: row.text("id"), _stamp
    ).items():
        if row.flag("isdeleted"):
            continue
        start = row.moment("startdatetime", "activitydatetime")
        held_on: date | None = company.day(start) if start else row.day("activitydate")
        made = row.moment("createddate")
        outcome = (row.text("outcomec") or "").lower().replace("-", " ").replace("_", " ")
        missed = (
            outcome in {"no show", "noshow", "cancelled", "canceled", "rescheduled", "missed"} or row.flag("noshowc") is True
        )
        if held_on and "call" in {(row.text(name) or "").lower() for name in ("type", "eventsubtype")}:
            # A call that was put into the calendar is a call.
            found.append(
                Activity(SYSTEM, f"event:{name}", "call", row.text("ownerid"), held_on, None, deal=row.text("whatid"))
            )
        elif held_on:
            found.append(
                Activity(
                    SYSTEM,
                    f"event:{name}",
                    "meeting",
                    row.text("ownerid"),
                    held_on,
                    company.day(made) if made else held_on,
                    not missed,
                    row.text("whatid"),
                    row.text("whoid"),
                )
            )
    return found


def _mail(text: str | None) -> str | None:
    return text.strip().lower() or None if text else None
