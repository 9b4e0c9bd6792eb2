"""What reps do besides e-mail sequences: calls, mails and to-dos as tasks, meetings as events.

Not here: how an SDR works a lead (leads; its calls and first meetings are only gathered here).
"""

from dataclasses import dataclass

from simulator.company import Company
from simulator.draws import Draws
from simulator.funnel import Deal
from simulator.leads import Lead
from simulator.people import Team
from simulator.workdays import DAY, Calendar, Clock


@dataclass(slots=True)
class Task:
    """A call, an e-mail or a to-do, about a lead or a deal. Not done yet: `done_at` is None."""

    created_at: int
    owner: int
    lead: int | None
    deal: int | None
    subtype: str
    subject: str
    due: int
    done_at: int | None
    disposition: str | None = None


@dataclass(slots=True)
class Appointment:
    """A meeting, about a lead or a deal. `outcome_at` is when its outcome was noted, None for the future."""

    created_at: int
    owner: int
    lead: int | None
    deal: int | None
    type: str
    subject: str
    starts_at: int
    ends_at: int
    outcome: str | None
    outcome_at: int | None


@dataclass(slots=True)
class Activities:
    """All of them, in order of creation."""

    tasks: list[Task]
    appointments: list[Appointment]


_SUBJECTS = {
    "Call": ("Call", "Follow-up call", "Check-in call", "Pricing call"),
    "Email": ("Email: recap", "Email: proposal", "Email: next steps", "Email: pricing"),
    "Task": ("Prepare quote", "Send security questionnaire", "Update mutual plan", "Prepare demo"),
}
_STAGE_MEETINGS = {
    2: ("Demo", 0.93, "Product demo"),
    3: ("Proposal", 0.45, "Proposal review"),
    4: ("Contract", 0.4, "Contract call"),
}


class Diary:
    """Fills the diaries of AEs, and gathers those of SDRs."""

    def __init__(self, company: Company, seed: int, team: Team, calendar: Calendar, clock: Clock) -> None:
        self._company = company
        self._draws = Draws(seed, "activities")
        self._team = team
        self._calendar = calendar
        self._clock = clock
        self._end = clock.utc(company.as_of.toordinal() + 1, 0)

    def fill(self, leads: list[Lead], deals: list[Deal]) -> Activities:
        """Everything up to as-of."""
        tasks: list[Task] = []
        appointments: list[Appointment] = []
        for lead in leads:
            for call in lead.calls:
                due = self._clock.day(call.at)
                tasks.append(Task(call.at, call.rep, lead.number, None, "Call", "Call", due, call.at, call.disposition))
            for meeting in lead.meetings:
                outcome = None if meeting.held is None else "Held" if meeting.held else "No Show"
                appointments.append(
                    self._appointment(
                        meeting.booked_at,
                        meeting.rep,
                        (lead.number, None),
                        ("Discovery", "Intro call"),
                        meeting.starts_at,
                        outcome,
                    )
                )
        for deal in deals:
            last = min(self._end, deal.deleted_at or self._end)
            exits = [move.at for move in deal.moves[1:]] + [last]
            for move, left in zip(deal.moves, exits, strict=True):
                if move.stage < len(self._company.stages) and left > move.at:
                    tasks += self._tasks(deal, move.stage, move.at, left)
                    appointments += self._meetings(deal, move.stage, move.at)
        tasks.sort(key=lambda task: task.created_at)
        appointments.sort(key=lambda appointment: appointment.created_at)
        return Activities(tasks, appointments)

    def _tasks(self, deal: Deal, stage: int, entered: int, left: int) -> list[Task]:
        """Touches of a deal in one stage: more where the rep is diligent, hardly any where neglected."""
        draws, birth = self._draws, deal.birth
        gap = self._company.touch_gap_days * (0.85 if birth.diligent else 1.25)
        at = entered + int((draws.exponential(0.8) if birth.diligent else 2 + draws.exponential(3.0)) * DAY)
        if birth.neglected_from is not None and stage >= birth.neglected_from:
            gap, at = gap * 7, at + 20 * DAY
        tasks: list[Task] = []
        while True:
            day = self._calendar.next_workday(self._clock.day(at))
            at = max(at, self._clock.utc(day, draws.between(8 * 3600 + 1800, 17 * 3600 + 1800)))
            if at >= left:
                return tasks
            owner = deal.owner_at(at)
            index = self._calendar.index(day)
            effort = float(self._team.effort[owner, index]) / self._team.reps[owner].skill
            if draws.chance(min(1.0, effort + 0.15) * float(self._calendar.level[index])):
                tasks.append(self._touch(deal, owner, at, day))
            at += int(max(0.3, draws.exponential(gap)) * DAY)

    def _touch(self, deal: Deal, owner: int, at: int, day: int) -> Task:
        draws = self._draws
        subtype = ("Call", "Email", "Task")[draws.weighted((44, 40, 16))]
        subject = draws.pick(_SUBJECTS[subtype])
        if subtype == "Task":
            due = self._calendar.add_workdays(day, draws.between(1, 5))
            done = self._clock.utc(
                self._calendar.next_workday(due + draws.between(-1, 3)),
                draws.between(9 * 3600, 17 * 3600 + 1800),
            )
            is_done = draws.chance(0.85) and at < done < self._end
            return Task(at, owner, None, deal.number, subtype, subject, due, done if is_done else None)
        disposition = None
        if subtype == "Call":
            disposition = ("Connected", "No Answer", "Left Voicemail")[draws.weighted((55, 25, 20))]
        return Task(at, owner, None, deal.number, subtype, subject, day, at, disposition)

    def _meetings(self, deal: Deal, stage: int, entered: int) -> list[Appointment]:
        draws = self._draws
        if stage not in _STAGE_MEETINGS or not draws.chance(_STAGE_MEETINGS[stage][1]):
            return []
        kind, _, subject = _STAGE_MEETINGS[stage]
        booked = entered + draws.between(60, 5400)
        day = self._calendar.add_workdays(self._clock.day(booked), draws.between(1, 7))
        starts = self._clock.utc(day, draws.between(18, 33) * 1800)
        owner = deal.owner_at(booked)
        if booked >= min(self._end, deal.deleted_at or self._end):
            return []
        outcome = "Held" if draws.chance(0.9) else "No Show"
        return [self._appointment(booked, owner, (None, deal.number), (kind, subject), starts, outcome)]

    def _appointment(
        self,
        booked: int,
        owner: int,
        about: tuple[int | None, int | None],
        what: tuple[str, str],
        starts: int,
        outcome: str | None,
    ) -> Appointment:
        """Its outcome is noted soon after it ended; until then it is blank."""
        length = self._draws.pick((1800, 1800, 2700, 3600))
        noted: int | None = starts + length + self._draws.between(30, 1500)
        if outcome is None or (noted is not None and noted >= self._end):
            outcome = noted = None
        return Appointment(booked, owner, *about, *what, starts, starts + length, outcome, noted)
