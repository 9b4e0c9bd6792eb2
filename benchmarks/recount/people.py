"""Whose record is it: leads, contacts and users that are one person. docs/matching.md, without the hand-kept sheet.

Belongs here: merges, conversions, addresses; which deals came of a person. Does not belong here: counting them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.recount.facts import Fact, Facts
from benchmarks.recount.records import Lead


@dataclass
class Matched:
    """A person: the first lead of theirs that is not deleted, the deals that came of any, when any was qualified."""

    key: str
    lead: Lead | None = None
    records: list[tuple[str, str, str]] = field(default_factory=list)
    deals: list[Fact] = field(default_factory=list)
    qualified: datetime | None = None
    systems: set[str] = field(default_factory=set)


def matched(facts: Facts) -> list[Matched]:
    keys = person_keys(facts)
    people: dict[str, Matched] = defaultdict(lambda: Matched(""))
    deals = deals_of_leads(facts)
    for lead in sorted(facts.leads, key=lambda each: (each.created, each.system, each.id)):
        if lead.is_deleted:
            continue
        key = keys[(lead.system, "lead", lead.id)]
        person = people[key]
        person.key = key
        person.lead = person.lead or lead
        person.systems.add(lead.system)
        person.deals += deals.get((lead.system, lead.id), [])
        if lead.qualified and (person.qualified is None or lead.qualified < person.qualified):
            person.qualified = lead.qualified
    return list(people.values())


def person_keys(facts: Facts) -> dict[tuple[str, str, str], str]:
    """Of every record: merged into another, converted into a contact, by its address, or alone."""
    found: dict[tuple[str, str, str], str] = {}
    records: dict[tuple[str, str, str], Lead] = {}
    for told in facts.records.values():
        records |= {(lead.system, "lead", lead.id): lead for lead in told.leads}
        records |= {(contact.system, "contact", contact.id): contact for contact in told.contacts}

    def own(place: tuple[str, str, str]) -> str:
        record = records[place]
        address = _address(record.email)
        return f"email:{address}" if address else ":".join(place)

    for place, record in records.items():
        last, seen = place, {place}
        while True:
            now = records[last]
            after = None
            if now.merged_into:
                after = (last[0], last[1], now.merged_into)
            elif now.contact:
                after = (last[0], "contact", now.contact)
            if after is None or after not in records or after in seen:
                break
            seen.add(after)
            last = after
        del record
        found[place] = own(last)
    for person in facts.people.values():
        address = _address(person.email)
        found[(person.system, "user", person.id)] = f"email:{address}" if address else f"{person.system}:user:{person.id}"
    return found


def deals_of_leads(facts: Facts) -> dict[tuple[str, str], list[Fact]]:
    """Each deal for one lead: the one that it names, or the first of those that name it; none that was there before its lead."""
    found: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    leads = {(lead.system, lead.id): lead for lead in facts.leads if not lead.is_deleted}
    naming: dict[tuple[str, str], list[Lead]] = defaultdict(list)
    for lead in leads.values():
        if lead.deal:
            naming[(lead.system, lead.deal)].append(lead)
    for fact in facts.living:
        named = leads.get((fact.system, fact.life.deal.lead or ""))
        candidates = naming.get((fact.system, fact.id), [])
        choice = (
            [named]
            if named is not None and named not in candidates
            else sorted(candidates, key=lambda each: (each.created, each.id))
        )
        fitting = [lead for lead in choice if facts.company.day(fact.life.created) >= facts.company.day(lead.created)]
        if fitting:
            found[(fitting[0].system, fitting[0].id)].append(fact)
    return found


def _address(email: str | None) -> str | None:
    if not email or "@" not in email:
        return None
    local, _, domain = email.strip().lower().partition("@")
    local = local.partition("+")[0]
    domain = "gmail.com" if domain == "googlemail.com" else domain
    return f"{local.replace('.', '') if domain == 'gmail.com' else local}@{domain}"
