"""fct_activity_daily: what each rep did on each day.

Belongs here: whose an activity or a mail is, and on which day it counts. Does not belong here: how a system writes it down.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from benchmarks.recount.facts import NONE, Facts
from benchmarks.recount.records import Mail

Row = dict[str, Any]
MAIL_COLUMNS = {
    "sent": "emails_sent",
    "delivered": "emails_delivered",
    "opened": "emails_opened",
    "clicked": "emails_clicked",
    "replied": "emails_replied",
    "bounced": "emails_bounced",
    "dropped": "emails_dropped",
    "machine_opened": "emails_machine_opened",
}
ACTIVITY_COLUMNS = {"call": "calls", "email": "emails_logged", "task": "tasks"}
COLUMNS = (
    "leads_created",
    *MAIL_COLUMNS.values(),
    *ACTIVITY_COLUMNS.values(),
    "meetings_booked",
    "meetings_held",
    "opportunities_created",
    "opportunities_won",
)
# More opens of one sender's mails than this within a minute are a machine's.
READERS_IN_A_MINUTE = 100


def daily(facts: Facts) -> list[Row]:
    counts: dict[tuple[str, str | None, date], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))

    def add(system: str, rep: str | None, day: date, column: str) -> None:
        if day <= facts.as_of:
            counts[(system, rep, day)][column] += 1

    for lead in facts.leads:
        if not lead.is_deleted:
            add(lead.system, lead.owner, facts.company.day(lead.created), "leads_created")
    for activity in facts.activities:
        if activity.kind == "meeting":
            if activity.booked_on is not None:
                add(activity.system, activity.owner, activity.booked_on, "meetings_booked")
            if activity.is_held:
                add(activity.system, activity.owner, activity.on, "meetings_held")
        else:
            add(activity.system, activity.owner, activity.on, ACTIVITY_COLUMNS[activity.kind])
    for fact in facts.living:
        add(fact.system, fact.owner, facts.company.day(fact.life.created), "opportunities_created")
        if fact.life.status == "won" and fact.life.closed_at:
            add(fact.system, fact.owner, facts.company.day(fact.life.closed_at), "opportunities_won")
    for (system, rep, day, column), messages in _messages(facts).items():
        if day <= facts.as_of:
            counts[(system, rep, day)][column] += len(messages)
    return [
        {
            "source_system": system,
            "rep_id": rep,
            "activity_date": day,
            "rep_name": facts.name_of(system, rep) or NONE,
            "team": facts.team_on(system, rep, day),
            **told,
        }
        for (system, rep, day), told in counts.items()
        if any(told.values())
    ]


def _messages(facts: Facts) -> dict[tuple[str, str | None, date, str], set[str]]:
    """A message counts once per day, kind and rep, however often it was opened."""
    owners = {person.email: (person.system, person.id) for person in facts.people.values() if person.email}
    minutes: dict[tuple[str | None, datetime], int] = defaultdict(int)
    senders = _senders(facts.mails)
    for mail in facts.mails:
        if mail.kind == "opened":
            minutes[(senders.get((mail.system, mail.message or "")), mail.at.replace(second=0, microsecond=0))] += 1
    found: dict[tuple[str, str | None, date, str], set[str]] = defaultdict(set)
    reps = _reps(facts, owners)
    for mail in facts.mails:
        kind = mail.kind
        if kind == "opened":
            crowd = minutes[(senders.get((mail.system, mail.message or "")), mail.at.replace(second=0, microsecond=0))]
            kind = "machine_opened" if mail.is_machine or crowd > READERS_IN_A_MINUTE else kind
        elif mail.is_machine:
            continue
        rep = reps(mail) or (mail.system, None)
        if kind in MAIL_COLUMNS:
            found[(*rep, facts.company.day(mail.at), MAIL_COLUMNS[kind])].add(mail.message or mail.id)
    return found


def _senders(mails: list[Mail]) -> dict[tuple[str, str], str]:
    """Who sent a message: what any of its events says."""
    return {(mail.system, mail.message): mail.sender for mail in mails if mail.message and mail.sender}


def _reps(facts: Facts, owners: dict[str, tuple[str, str]]) -> Any:
    senders = _senders(facts.mails)
    sent_by = {(mail.system, mail.message): mail.owner for mail in facts.mails if mail.message and mail.owner}

    def of(mail: Mail) -> tuple[str, str] | None:
        place = (mail.system, mail.message or "")
        owner = mail.owner or sent_by.get(place)
        if owner is not None:
            return (mail.system, owner)
        return owners.get(mail.sender or senders.get(place) or "")

    return of
