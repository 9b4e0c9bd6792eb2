"""All systems together: deals with their life, money in the reporting currency, owners and teams of the day, the parts they count for.

Belongs here: what more than one table needs to know of a deal. Does not belong here: what a table counts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.recount import company as companies
from benchmarks.recount import delivery as deliveries
from benchmarks.recount import generic, hubspot, salesforce
from benchmarks.recount.life import Life, Step, live
from benchmarks.recount.records import Activity, Lead, Mail, Person, Records

NONE = "(none)"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Fact:
    """A deal as the tables see it. Amounts of its steps are in the reporting currency."""

    life: Life
    rate: Decimal | None
    amount: Decimal | None
    owner: str | None
    owner_name: str | None
    team: str | None
    pod: str | None
    role: str | None
    cuts: dict[str, tuple[str, str]]

    @property
    def id(self) -> str:
        return self.life.deal.id

    @property
    def system(self) -> str:
        return self.life.deal.system

    @cached_property
    def pipeline(self) -> str:
        return self.life.last.stage.pipeline


class Facts:
    """Everything that was delivered, read by the definitions, as of one day."""

    def __init__(self, landing: Path, config: Path) -> None:
        self.company = companies.load(config)
        self.delivery = deliveries.read(landing, self.company.objects, self.company.zone)
        self.as_of = self.delivery.as_of
        self.end = self.company.midnight(self.as_of + timedelta(days=1))
        self.records: dict[str, Records] = {}
        for name, module in (("salesforce", salesforce), ("hubspot", hubspot), ("generic", generic)):
            if any(system == name for system, _ in self.delivery.rows):
                self.records[name] = module.read(self.delivery, self.company)
        self.rates = [rate for found in self.records.values() for rate in found.rates]
        self.people: dict[tuple[str, str], Person] = {
            (person.system, person.id): person for found in self.records.values() for person in found.people
        }
        for found in self.records.values():
            _link_leads(found)
        self.deals = [
            self._fact(live(deal, self.company, self.as_of)) for found in self.records.values() for deal in found.deals
        ]

    @property
    def leads(self) -> list[Lead]:
        return [lead for found in self.records.values() for lead in found.leads]

    @property
    def activities(self) -> list[Activity]:
        return [activity for found in self.records.values() for activity in found.activities]

    @property
    def mails(self) -> list[Mail]:
        return [mail for found in self.records.values() for mail in found.mails]

    @property
    def living(self) -> list[Fact]:
        """Deals that count: those not deleted."""
        return [fact for fact in self.deals if not fact.life.is_deleted]

    @cached_property
    def first_day(self) -> date:
        return min(min(fact.life.days) for fact in self.deals)

    @cached_property
    def stages_known_from(self) -> date:
        """Deals that are older than the history of stages: what they did before it is not known."""
        told = [row.at for fact in self.deals for row in fact.life.deal.history]
        return max(self.first_day, self.company.day(min(told))) if told else self.first_day

    def team_on(self, system: str, rep: str | None, day: date) -> str | None:
        person = self.people.get((system, rep or ""))
        return _of_the_day(person.teams, day) if person else None

    def pod_on(self, system: str, rep: str | None, day: date) -> str | None:
        person = self.people.get((system, rep or ""))
        return _of_the_day(person.pods, day) if person else None

    def name_of(self, system: str, rep: str | None) -> str | None:
        if rep is None:
            return None
        person = self.people.get((system, rep))
        return (person.name if person else None) or f"unknown ({rep})"

    def rate(self, currency: str | None, day: date) -> Decimal | None:
        """Units of the reporting currency for one of this currency: the last rate told by that day."""
        if currency is None or currency == self.company.currency:
            return Decimal(1)
        stands = (self.company.raw.get("company") or {}).get("rates_stand_for_days", 7)
        told = [
            (on, rate)
            for name, on, rate in self.rates
            if name == currency and on <= day and (stands is None or (day - on).days <= stands)
        ]
        return max(told)[1] if told else None

    def _fact(self, life: Life) -> Fact:
        deal = life.deal
        closed = self.company.day(life.closed_at) if life.closed_at else None
        rate = self.rate(deal.currency or self.company.currency, closed or self.as_of)
        steps = [dataclasses.replace(step, amount=money(step.amount, rate)) for step in life.steps]
        life = dataclasses.replace(life, steps=steps)
        day = closed or self.as_of
        team, pod = self.team_on(deal.system, deal.owner, day), self.pod_on(deal.system, deal.owner, day)
        name = self.name_of(deal.system, deal.owner)
        motion = self.company.motion(deal.source)
        person = self.people.get((deal.system, deal.owner or ""))
        cuts = {
            "all": ("all", "all"),
            "pipeline": (life.last.stage.pipeline, life.last.stage.pipeline),
            "team": _named(team),
            "pod": _named(pod),
            "rep": (deal.owner, name or NONE) if deal.owner else (NONE, NONE),
            "product": _named(deal.product),
            "source": _named(deal.source),
            "motion": _named(motion),
            "segment": _named(deal.segment),
        }
        amount = money(deal.versions[-1].told.amount, rate)
        return Fact(life, rate, amount, deal.owner, name, team, pod, person.role if person else None, cuts)


def _link_leads(records: Records) -> None:
    """A deal's lead is the one that it names, or else the first of those that name it; a deal without a source has that lead's."""
    leads = {lead.id: lead for lead in records.leads if not lead.is_deleted}
    first: dict[str, Lead] = {}
    for lead in sorted(leads.values(), key=lambda each: (each.created, each.id)):
        if lead.deal:
            first.setdefault(lead.deal, lead)
    for deal in records.deals:
        lead_of_deal = leads.get(deal.lead) if deal.lead else first.get(deal.id)
        deal.source_from = "deal" if deal.source else None
        if lead_of_deal is None:
            continue
        if deal.source is None and lead_of_deal.source is not None:
            deal.source, deal.source_from = (
                lead_of_deal.source,
                "lead named by the deal" if deal.lead else "lead that names the deal",
            )
        deal.lead = lead_of_deal.id


def scope_of(dimension: str) -> str:
    return "company" if dimension == "all" else dimension


def money(amount: Any, rate: Decimal | None) -> Decimal | None:
    if not isinstance(amount, Decimal) or rate is None:
        return None
    return (amount * rate).quantize(CENT, ROUND_HALF_UP)


def worth(step: Step) -> Decimal:
    """What a deal counts in a sum: nothing without an amount."""
    return step.amount if isinstance(step.amount, Decimal) else Decimal(0)


def _of_the_day(told: list[tuple[date, str | None]], day: date) -> str | None:
    """The last that was told by that day; the first stands for the time before it."""
    found = told[0][1]
    for on, value in told:
        if on <= day:
            found = value
    return found


def _named(value: str | None) -> tuple[str, str]:
    return (value, value) if value is not None else (NONE, NONE)
