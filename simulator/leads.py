"""Leads: who comes in or is found, how an SDR works them, and which become opportunities at a first meeting.

Not here: what happens to an opportunity once born (funnel), or Salesforce's shape of a lead (salesforce).
"""

from dataclasses import dataclass, field

from simulator.company import Company, Sequence, Source
from simulator.draws import Draws
from simulator.emails import EmailEvent, Mailer
from simulator.names import Directory, Organisation, Person
from simulator.people import SDR, Team
from simulator.workdays import Calendar, Clock

NEW, WORKING, MEETING_SET, CONVERTED = "New", "Working", "Meeting Set", "Converted"
UNQUALIFIED, NURTURE = "Unqualified", "Nurture"

# Inbound visitors come at all hours, mostly by day; none in the hours when the clocks change.
_HOURS = (1, 0, 0, 0, 1, 2, 3, 5, 8, 11, 12, 11, 9, 10, 11, 10, 9, 7, 5, 4, 4, 4, 3, 2)


@dataclass(slots=True)
class Call:
    """An SDR's call to a lead."""

    at: int
    rep: int
    lead: int
    disposition: str


@dataclass(slots=True)
class Meeting:
    """A first meeting that an SDR booked. `held` is None for one that lies in the future."""

    booked_at: int
    starts_at: int
    rep: int
    lead: int
    held: bool | None


@dataclass(slots=True)
class Lead:
    """A lead and everything that was done about it. `statuses` are changes after NEW."""

    number: int
    created_at: int
    source: Source
    organisation: Organisation
    person: Person
    has_email: bool
    knows_employees: bool
    owner: int
    statuses: list[tuple[int, str]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    emails: list[EmailEvent] = field(default_factory=list)
    converted_at: int | None = None


class LeadDesk:
    """Makes leads day by day and works each to its end."""

    def __init__(
        self, company: Company, seed: int, team: Team, calendar: Calendar, clock: Clock, directory: Directory
    ) -> None:
        self._company = company
        self._team = team
        self._calendar = calendar
        self._clock = clock
        self._directory = directory
        self._draws = Draws(seed, "leads")
        self._mailer = Mailer(company, seed, calendar, clock)
        self._end = clock.utc(company.as_of.toordinal() + 1, 0)
        self._inbound = [source for source in company.sources if source.share > 0]
        self._shares = tuple(source.share for source in self._inbound)
        self._outbound = [source for source in company.sources if source.motion == "outbound"]
        self._last_found: dict[int, Organisation] = {}

    def all_leads(self) -> list[Lead]:
        """Every lead of the history, in order of creation."""
        arrivals: list[tuple[int, Source, int | None]] = []
        for day in range(self._company.history_starts_on.toordinal(), self._company.as_of.toordinal() + 1):
            arrivals += sorted(self._arrivals(day), key=lambda arrival: arrival[0])
        return [self._work(number, *arrival) for number, arrival in enumerate(arrivals)]

    def _arrivals(self, day: int) -> list[tuple[int, Source, int | None]]:
        company, calendar, draws = self._company, self._calendar, self._draws
        index = calendar.index(day)
        volume = company.scale * float(calendar.growth[index])
        weekday = 1.26 if calendar.is_workday[index] else 0.35
        mean = company.inbound_leads_per_day * volume * weekday * float(calendar.level[index]) ** 0.5
        arrivals: list[tuple[int, Source, int | None]] = []
        for _ in range(draws.poisson(mean)):
            second = draws.weighted(_HOURS) * 3600 + draws.between(0, 3599)
            source = self._inbound[draws.weighted(self._shares)]
            arrivals.append((self._clock.utc(day, second), source, None))
        if not calendar.is_workday[index]:
            return arrivals
        for number in self._team.by_role[SDR]:
            effort = float(self._team.effort[number, index])
            found = company.outbound_leads_per_workday * volume * effort * float(calendar.level[index])
            for _ in range(draws.poisson(found)):
                second = draws.between(8 * 3600 + 1800, 17 * 3600 + 1800)
                source = self._outbound[0 if draws.chance(0.8) else -1]
                arrivals.append((self._clock.utc(day, second), source, number))
        return arrivals

    def _work(self, number: int, created_at: int, source: Source, finder: int | None) -> Lead:
        draws = self._draws
        organisation = self._organisation(finder)
        day = self._clock.day(created_at)
        owner = finder if finder is not None else self._team.choose(SDR, day, draws)
        lead = Lead(
            number=number,
            created_at=created_at,
            source=source,
            organisation=organisation,
            person=self._directory.person(organisation),
            has_email=not draws.chance(self._company.blank_email_rate),
            knows_employees=not draws.chance(0.07),
            owner=owner,
        )
        interest = self._outbound_interest(lead, day) if finder is not None else self._inbound_interest(lead, day)
        self._keep_to_history(lead, interest)
        if interest is not None and interest < self._end:
            self._book(lead, interest, attempt=1)
        elif interest is None and lead.statuses and draws.chance(0.9):
            lost_at = self._work_time(self._clock.day(lead.statuses[-1][0]) + draws.between(12, 40))
            self._set_status(lead, lost_at, UNQUALIFIED if draws.chance(0.6) else NURTURE)
        return lead

    def _organisation(self, finder: int | None) -> Organisation:
        """SDRs look for several people in one company; inbound leads mostly come one by one."""
        if finder is not None and finder in self._last_found and self._draws.chance(0.45):
            return self._last_found[finder]
        if finder is None and self._directory.organisations and self._draws.chance(0.06):
            return self._draws.pick(self._directory.organisations)
        organisation = self._directory.organisation()
        if finder is not None:
            self._last_found[finder] = organisation
        return organisation

    def _outbound_interest(self, lead: Lead, day: int) -> int | None:
        interest = self._calls(lead, self._calendar.next_workday(day + 1), self._company.call_interest)
        if lead.has_email and self._draws.chance(0.93):
            until = min(self._end, interest if interest is not None else self._end)
            run = self._mailer.run(self._sequence(lead), lead.number, lead.owner, day + self._draws.between(0, 1), until)
            lead.emails = run.events
            if run.interested_at is not None:
                interest = min(run.interested_at, until) if interest is not None else run.interested_at
        return interest

    def _inbound_interest(self, lead: Lead, day: int) -> int | None:
        draws = self._draws
        first_touch = self._calendar.next_workday(day + (0 if draws.chance(0.55) else draws.between(1, 2)))
        called = self._calls(lead, first_touch, chance_to_interest=0.0)
        assert called is None  # inbound interest depends on the source alone
        if draws.chance(lead.source.interest):
            return self._work_time(first_touch + draws.between(0, 4), after=lead.created_at)
        if lead.has_email and draws.chance(0.40):
            run = self._mailer.run(self._sequence(lead), lead.number, lead.owner, first_touch, self._end)
            lead.emails = run.events
            return run.interested_at
        return None

    def _calls(self, lead: Lead, first_day: int, chance_to_interest: float) -> int | None:
        """Call a few times until someone is reached; the instant of interest, if any."""
        draws = self._draws
        effort = min(1.3, float(self._team.effort[lead.owner, self._calendar.index(first_day)]) * 1.05)
        day = first_day
        self._set_status(lead, self._work_time(day, after=lead.created_at), WORKING)
        for _ in range(draws.poisson(self._company.calls_per_lead * effort)):
            at = self._work_time(day, after=lead.created_at)
            if draws.chance(self._company.call_connects):
                lead.calls.append(Call(at, lead.owner, lead.number, "Connected"))
                return at + draws.between(60, 600) if draws.chance(chance_to_interest) else None
            outcome = ("No Answer", "Left Voicemail", "Gatekeeper", "Wrong Number")[draws.weighted((50, 32, 13, 5))]
            lead.calls.append(Call(at, lead.owner, lead.number, outcome))
            day = self._calendar.next_workday(day + draws.between(1, 5))
        return None

    def _sequence(self, lead: Lead) -> Sequence:
        segment = self._company.segments[lead.organisation.segment].name
        motion = "outbound" if lead.source.motion == "outbound" else "inbound"
        for sequence in self._company.sequences:
            if sequence.motion == motion and segment in sequence.segments:
                return sequence
        raise LookupError(f"no {motion} sequence for {segment} leads")

    def _book(self, lead: Lead, interested_at: int, attempt: int) -> None:
        """Book a first meeting; held, it makes an opportunity; missed, it may be booked once more."""
        draws, calendar = self._draws, self._calendar
        booked_at = interested_at + draws.between(120, 3600)
        if booked_at >= self._end:
            return
        self._set_status(lead, booked_at, MEETING_SET)
        day = calendar.add_workdays(self._clock.day(booked_at), draws.between(1, 7))
        starts_at = self._clock.utc(day, draws.between(18, 33) * 1800)
        if starts_at + 3600 >= self._end:
            lead.meetings.append(Meeting(booked_at, starts_at, lead.owner, lead.number, None))
            return
        held = draws.chance(self._company.meeting_held)
        lead.meetings.append(Meeting(booked_at, starts_at, lead.owner, lead.number, held))
        after = starts_at + draws.between(1900, 7200)
        if held and draws.chance(0.94):
            lead.converted_at = after
            self._set_status(lead, after, CONVERTED)
        elif not held and attempt == 1 and draws.chance(self._company.meeting_rebooked):
            self._book(lead, after, attempt=2)
        else:
            self._set_status(lead, after, UNQUALIFIED if draws.chance(0.7) else NURTURE)

    def _keep_to_history(self, lead: Lead, interest: int | None) -> None:
        """Drop what would happen after as-of, and calls after the lead was already won over."""
        last = self._end if interest is None else min(self._end, interest)
        lead.calls = [call for call in lead.calls if call.at < last]
        lead.emails = [event for event in lead.emails if event.at < self._end]
        if interest is not None:
            lead.statuses = [status for status in lead.statuses if status[0] < interest]

    def _set_status(self, lead: Lead, at: int, status: str) -> None:
        if lead.created_at < at < self._end and (not lead.statuses or at > lead.statuses[-1][0]):
            lead.statuses.append((at, status))

    def _work_time(self, day: int, after: int = 0) -> int:
        """A time in working hours of the first workday from `day`, later than `after`."""
        day = self._calendar.next_workday(day)
        at = self._clock.utc(day, self._draws.between(8 * 3600 + 1800, 17 * 3600 + 1800))
        return at if at > after else after + self._draws.between(300, 5400)
