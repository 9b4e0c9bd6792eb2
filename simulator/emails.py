"""E-mail sequences: what is sent to a lead, and what becomes of each message.

Not here: which leads are put into a sequence, or what a reply leads to (leads).
"""

from dataclasses import dataclass

from simulator.company import Company, Sequence, Variant
from simulator.draws import Draws
from simulator.workdays import Calendar, Clock

SENT, DELIVERED, OPENED, CLICKED = "sent", "delivered", "opened", "clicked"
REPLIED, BOUNCED, UNSUBSCRIBED = "replied", "bounced", "unsubscribed"


@dataclass(slots=True)
class EmailEvent:
    """Something that happened to a message."""

    at: int
    type: str
    message: int
    lead: int
    rep: int
    sequence: str
    step: int
    variant: str


@dataclass(slots=True)
class SequenceRun:
    """How a sequence went: `interested_at` is a positive reply, `answered` any reply, bounce, unsubscribe."""

    events: list[EmailEvent]
    interested_at: int | None = None
    answered: bool = False


class Mailer:
    """Sends sequences; numbers messages in the order they are planned."""

    def __init__(self, company: Company, seed: int, calendar: Calendar, clock: Clock) -> None:
        self._company = company
        self._draws = Draws(seed, "emails")
        self._calendar = calendar
        self._clock = clock
        self._messages = 0

    def run(self, sequence: Sequence, lead: int, rep: int, start_day: int, until: int) -> SequenceRun:
        """Send the steps of a sequence from a day on, until someone answers or `until` is reached."""
        run = SequenceRun([])
        day = start_day
        for number, step in enumerate(sequence.steps, start=1):
            day = self._calendar.next_workday(day + step.days_after)
            sent_at = self._clock.utc(day, self._draws.between(8 * 3600, 17 * 3600))
            if sent_at >= until or run.answered:
                break
            variant = step.variants[self._draws.between(0, len(step.variants) - 1)]
            self._messages += 1
            for at, kind in self._message(sent_at, variant, first=number == 1, run=run):
                run.events.append(EmailEvent(at, kind, self._messages, lead, rep, sequence.key, number, variant.name))
        return run

    def _message(self, sent_at: int, variant: Variant, first: bool, run: SequenceRun) -> list[tuple[int, str]]:
        company, draws = self._company, self._draws
        events = [(sent_at, SENT)]
        arrived = sent_at + draws.between(1, 40)
        if first and draws.chance(company.bounce_rate):
            run.answered = True
            return [*events, (arrived, BOUNCED)]
        events.append((arrived, DELIVERED))
        opened_at = arrived + 20 + int(draws.exponential(5 * 3600))
        opened = draws.chance(variant.opened)
        if opened:
            events.append((opened_at, OPENED))
            if draws.chance(0.12):
                events.append((opened_at + 60 + int(draws.exponential(20 * 3600)), OPENED))
            if draws.chance(variant.clicked):
                events.append((opened_at + draws.between(4, 240), CLICKED))
        if draws.chance(variant.replied if opened else company.reply_without_open):
            replied_at = opened_at + 90 + int(draws.exponential(6 * 3600))
            events.append((replied_at, REPLIED))
            run.answered = True
            if draws.chance(company.positive_reply):
                run.interested_at = replied_at
        elif draws.chance(company.unsubscribe_rate):
            events.append((opened_at + draws.between(10, 900), UNSUBSCRIBED))
            run.answered = True
        return events
