"""The generic extracts: whole tables by default, a history of stages, activities and e-mail events.

Belongs here: which column says what, and which rows cannot be read. Does not belong here: what follows from it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from benchmarks.recount.company import PHASES, PROBABILITIES, Company, Stage
from benchmarks.recount.delivery import BEFORE_ALL, Delivery, Row, by_id, judged, newest, readable, squash
from benchmarks.recount.records import UNKNOWN, Account, Activity, Deal, Lead, Mail, Person, Records, Told, Version

SYSTEM = "generic"
# What a published column holds; all else is told in `extra`.
_HELD = {
    "opportunityid",
    "stage",
    "createdat",
    "name",
    "accountid",
    "ownerid",
    "pipeline",
    "product",
    "amount",
    "currency",
    "source",
    "segment",
    "forecastcategory",
    "expectedcloseon",
    "closedat",
    "lostreason",
    "leadid",
    "isdeleted",
    "probability",
    "nextstep",
    "type",
}
_MAIL_TYPES = {"sent", "delivered", "opened", "clicked", "replied", "bounced", "unsubscribed", "complained"}


def read(delivery: Delivery, company: Company) -> Records:
    found = Records()
    book = StageBook(company)
    found.deals = _deals(delivery, company, book)
    found.stages = book.stages()
    found.people = _people(delivery, company)
    found.leads = _leads(delivery)
    found.accounts = _accounts(delivery)
    found.activities = _activities(delivery, company)
    found.mails = _mails(delivery)
    rates = readable(delivery.of(SYSTEM, "fx_rate"), lambda row: [row.day("date"), row.number("rate")])
    newest_rates = newest(rates, lambda row: (row.text("currency"), row.day("date")))
    found.rates = [(row.text("currency"), row.day("date"), row.number("rate")) for row in newest_rates.values()]  # type: ignore[misc]
    return found


class StageBook:
    """Which stage a pipeline's label means: by the config, or else a canonical phase's own name."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.used: set[str] = set()

    def find(self, label: str, pipeline: str | None) -> Stage:
        configured = self.company.pipeline_of(pipeline)
        if configured is not None:
            return self.company.stage_of(configured, label) or Stage(configured["key"], label, 0, None)
        name = pipeline or "default"
        self.used.add(name)
        key = label.lower()
        return _canonical(name, key) if key in PHASES else Stage(name, label, 0, None)

    def entry(self, pipeline: str | None) -> Stage:
        configured = self.company.pipeline_of(pipeline)
        if configured is None:
            return _canonical(pipeline or "default", PHASES[0])
        label = configured["stages"][0]["label"]
        for stage in configured["stages"]:
            if stage["key"] == configured.get("entry_stage"):
                label = stage["label"]
        found = self.company.stage_of(configured, label)
        assert found is not None
        return found

    def stages(self) -> list[Stage]:
        found = []
        for pipeline in self.company.raw.get("pipelines") or []:
            found += [self.company.stage_of(pipeline, stage["label"]) for stage in pipeline["stages"]]
        for name in sorted(self.used):
            found += [_canonical(name, phase) for phase in PHASES]
        return [stage for stage in found if stage is not None]


def _canonical(pipeline: str, phase: str) -> Stage:
    return Stage(pipeline, phase, PHASES.index(phase) + 1, phase, PROBABILITIES[PHASES.index(phase)])


def _deals(delivery: Delivery, company: Company, book: StageBook) -> list[Deal]:
    amount_column = squash(company.definitions.get("amount_column") or "amount")

    def can_be_read(row: Row) -> bool:
        amount = row.number(amount_column)
        for name in ("createdat", "updatedat", "closedat"):
            row.moment(name)
        row.day("expectedcloseon")
        is_late = row.is_from_the_future(row.moment("createdat"))
        return (
            row.text("opportunityid") is not None
            and row.text("stage") is not None
            and (amount is None or amount >= 0)
            and not is_late
        )

    delivered = delivery.of(SYSTEM, "opportunity")
    rows = readable(delivered, can_be_read)
    is_delta = (company.objects.get("opportunity") or company.objects.get("generic.opportunity") or {}).get(
        "delivery"
    ) == "delta"
    extracts = delivery.extracts(SYSTEM, "opportunity")
    present: dict[str, set[datetime]] = defaultdict(set)
    for row in delivered:
        present[row.text("opportunityid") or ""].add(row.extracted_at)
    versions: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        versions[row.text("opportunityid") or ""].append(row)
    told = _history(delivery, company)
    segment = squash(company.raw.get("segment_column") or "segment")
    deals = []
    for name, all_of_it in versions.items():
        all_of_it.sort(key=lambda row: (row.extracted_at, row.moment("updatedat") or BEFORE_ALL, row.order))
        row = all_of_it[-1]
        deleted = (row.moment("updatedat") or row.extracted_at) if row.flag("isdeleted") else None
        gone = [at for at in extracts if at > max(present[name])]
        if deleted is None and gone and not is_delta:
            deleted = gone[0]
        history = [_told(each, book, row.text("pipeline")) for each in told.get(name, [])]
        deals.append(
            Deal(
                SYSTEM,
                name,
                row.moment("createdat"),
                [_version(each, company, book, amount_column) for each in all_of_it],
                history,
                deleted,
                name=row.text("name"),
                account=row.text("accountid"),
                owner=row.text("ownerid"),
                lead=row.text("leadid"),
                product=row.text("product"),
                source=row.text("source"),
                segment=row.text(segment),
                currency=row.text("currency"),
                category=row.text("forecastcategory"),
                lost_reason=row.text("lostreason"),
                extra={
                    theirs: row.text(known) for known, theirs in row.names.items() if known not in _HELD and known != segment
                },
                entry=book.entry(row.text("pipeline")),
            )
        )
    return deals


def _version(row: Row, company: Company, book: StageBook, amount_column: str) -> Version:
    stage = book.find(row.text("stage") or "", row.text("pipeline"))
    closed = row.moment("closedat")
    told = Told(
        row.extracted_at,
        stage,
        row.number(amount_column) if row.has(amount_column) else UNKNOWN,
        row.day("expectedcloseon") if row.has("expectedcloseon") else UNKNOWN,
        row.text("ownerid"),
    )
    return Version(
        row.extracted_at,
        row.extracted_on,
        row.is_of_a_day,
        told,
        closed,
        row.moment("updatedat"),
        row.flag("isdeleted") is True,
    )


def _history(delivery: Delivery, company: Company) -> dict[str, list[Row]]:
    def can_be_read(row: Row) -> bool:
        row.number("amount")
        row.day("expectedcloseon")
        return (
            row.text("opportunityid") is not None and row.text("stage") is not None and row.moment("enteredat") is not None
        )

    rows = readable(delivery.of(SYSTEM, "stage_history"), can_be_read)
    found: dict[str, list[Row]] = defaultdict(list)
    # The same change told again counts once, as it was told last.
    for row in newest(
        rows, lambda each: (each.text("opportunityid"), each.text("stage"), each.moment("enteredat"))
    ).values():
        found[row.text("opportunityid") or ""].append(row)
    return found


def _told(row: Row, book: StageBook, pipeline: str | None) -> Told:
    return Told(
        row.moment("enteredat") or BEFORE_ALL,
        book.find(row.text("stage") or "", pipeline),
        row.number("amount") if row.has("amount") else UNKNOWN,
        row.day("expectedcloseon") if row.has("expectedcloseon") else UNKNOWN,
        row.text("ownerid") if row.has("ownerid") else UNKNOWN,
        order=row.order,
    )


def _people(delivery: Delivery, company: Company) -> list[Person]:
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in readable(delivery.of(SYSTEM, "user"), lambda row: [row.day("startedon"), row.day("endedon")]):
        if row.text("userid"):
            by_id[row.text("userid") or ""].append(row)
    team = squash(company.raw.get("team_column") or "team")
    found = []
    for name, rows in by_id.items():
        row = rows[-1]
        mail = (row.text("email") or "").lower() or None
        role = (row.text("role") or "").lower() or None
        found.append(
            Person(
                SYSTEM,
                name,
                row.text("name"),
                mail,
                [(each.extracted_on, each.text(team)) for each in rows],
                [(each.extracted_on, each.text("pod")) for each in rows],
                role,
                row.text("managerid"),
                row.flag("isactive"),
                row.day("startedon"),
                row.day("endedon"),
            )
        )
    return found


def _leads(delivery: Delivery) -> list[Lead]:
    def can_be_read(row: Row) -> bool:
        for name in ("qualifiedat", "convertedat"):
            row.moment(name)
        row.number("employees")
        return row.text("leadid") is not None and row.moment("createdat") is not None

    rows = readable(delivery.of(SYSTEM, "lead"), can_be_read)
    last = max((row.extracted_at for row in rows), default=None)
    versions = by_id(rows, lambda row: row.text("leadid"))
    return [
        Lead(
            SYSTEM,
            name,
            row.moment("createdat") or BEFORE_ALL,
            (row.text("email") or "").lower() or None,
            row.text("ownerid"),
            row.text("source"),
            row.text("accountid"),
            row.text("opportunityid"),
            row.moment("qualifiedat"),
            row.moment("convertedat"),
            row.has("qualifiedat"),
            row.extracted_at != last,
            values=_of_lead(row),
            before_conversion=_of_lead(judged(versions[name], lambda each: each.moment("convertedat"))),
        )
        for name, row in newest(rows, lambda row: row.text("leadid")).items()
    ]


def _of_lead(row: Row) -> dict[str, Any]:
    """What scores ask of a lead."""
    names = ("title", "company", "industry", "source", "country", "status")
    return {**{name: row.text(name) for name in names}, "employees": row.number("employees")}


def _accounts(delivery: Delivery) -> list[Account]:
    rows = readable(delivery.of(SYSTEM, "account"), lambda row: [row.number("employees"), row.moment("createdat")])
    last = max((row.extracted_at for row in rows), default=None)
    return [
        Account(
            SYSTEM,
            name,
            {
                "name": row.text("name"),
                "domain": (row.text("domain") or "").lower() or None,
                "industry": row.text("industry"),
                "employees": row.number("employees"),
                "country": row.text("country"),
                "created_at": row.moment("createdat"),
            },
            row.extracted_at != last,
        )
        for name, row in newest(rows, lambda row: row.text("accountid")).items()
    ]


def _activities(delivery: Delivery, company: Company) -> list[Activity]:
    rows = readable(
        delivery.of(SYSTEM, "activity"),
        lambda row: row.moment("occurredat") is not None and row.text("activityid") is not None,
    )
    found = []
    for name, row in newest(rows, lambda row: row.text("activityid")).items():
        moment = row.moment("occurredat")
        assert moment is not None
        kind = (row.text("type") or "").lower()
        outcome = (row.text("outcome") or "").lower().replace("-", " ").replace("_", " ")
        missed = outcome in {"no show", "noshow", "cancelled", "canceled", "rescheduled", "missed"}
        on = company.day(moment)
        found.append(
            Activity(
                SYSTEM,
                name,
                kind if kind in ("call", "meeting", "email") else "task",
                row.text("userid"),
                on,
                on if kind == "meeting" else None,
                not missed,
                row.text("opportunityid"),
                row.text("leadid"),
            )
        )
    return found


def _mails(delivery: Delivery) -> list[Mail]:
    rows = readable(
        delivery.of(SYSTEM, "email_event"),
        lambda row: (
            row.moment("occurredat") is not None and row.text("eventid") is not None and row.text("eventtype") in _MAIL_TYPES
        ),
    )
    return [
        Mail(
            SYSTEM,
            name,
            row.text("eventtype") or "",
            row.moment("occurredat") or BEFORE_ALL,
            row.text("messageid"),
            row.text("userid"),
            (row.text("senderemail") or "").lower() or None,
            (row.text("recipientemail") or "").lower() or None,
        )
        for name, row in newest(rows, lambda row: row.text("eventid")).items()
    ]
