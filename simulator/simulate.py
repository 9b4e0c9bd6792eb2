"""Runs a whole company: leads, the deals they become, what is written about them and done for them.

The result holds what truly happened, in the simulation's own terms; how a CRM shows it is for `salesforce`.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import sqrt

from simulator.activities import Activities, Diary
from simulator.company import Company, validate
from simulator.deals import Clerk, Paperwork
from simulator.draws import Draws
from simulator.emails import EmailEvent
from simulator.funnel import Birth, Deal, Funnel
from simulator.leads import Lead, LeadDesk
from simulator.names import Directory, Organisation, Person
from simulator.people import Quota, Team, hire_team, set_quotas
from simulator.workdays import Calendar, Clock


@dataclass(slots=True)
class Histories:
    """All that happened. Instants are seconds since 1970 (UTC), days date ordinals in company time."""

    company: Company
    seed: int
    clock: Clock
    calendar: Calendar
    team: Team
    organisations: list[Organisation]
    leads: list[Lead]
    deals: list[Deal]
    paperwork: list[Paperwork]
    buyers: list[Person]
    activities: Activities
    email_events: list[EmailEvent]
    quotas: list[Quota]

    def end_of(self, day: int) -> int:
        """The first instant after a day."""
        return self.clock.utc(day + 1, 0)


@dataclass(slots=True)
class DealHistories:
    """What a forecast sees of a company, and what decided it: the deals and their paperwork, but no activities or quotas."""

    company: Company
    seed: int
    clock: Clock
    calendar: Calendar
    team: Team
    directory: Directory
    leads: list[Lead]
    deals: list[Deal]
    paperwork: list[Paperwork]


def simulate_deals(company: Company, seed: int) -> DealHistories:
    """The leads and deals that `simulate` gives for this company and seed, in a fraction of its time."""
    validate(company)
    clock = Clock(company.timezone)
    warm_up = timedelta(company.in_flight_days + 30)
    calendar = Calendar(company, company.history_starts_on - warm_up, company.as_of + timedelta(90))
    team = hire_team(company, seed, calendar, clock)
    directory = Directory(company, seed)
    leads = LeadDesk(company, seed, team, calendar, clock, directory).all_leads()
    births = _Births(company, seed, calendar, clock, directory).all_births(leads)

    first, last = company.history_starts_on.toordinal(), company.as_of.toordinal()
    before = Funnel(company, Draws(seed, "in_flight"), team, calendar, clock)
    births += _in_flight(company, clock, before, births, directory)
    funnel = Funnel(company, Draws(seed, "funnel"), team, calendar, clock)
    deals = funnel.run(births, first, last)

    clerk = Clerk(company, seed, calendar, clock)
    paperwork = [clerk.write_up(deal) for deal in deals]
    return DealHistories(company, seed, clock, calendar, team, directory, leads, deals, paperwork)


def simulate_births(company: Company, seed: int) -> tuple[list[Birth], Clock]:
    """When and how the deals of the history begin, but for those that were carried over; and the clock that their instants are of."""
    clock = Clock(company.timezone)
    calendar = Calendar(
        company, company.history_starts_on - timedelta(company.in_flight_days + 30), company.as_of + timedelta(90)
    )
    directory = Directory(company, seed)
    leads = LeadDesk(company, seed, hire_team(company, seed, calendar, clock), calendar, clock, directory).all_leads()
    return _Births(company, seed, calendar, clock, directory).all_births(leads), clock


def simulate(company: Company, seed: int) -> Histories:
    """The same company and seed always give the same histories."""
    made = simulate_deals(company, seed)
    organisations = made.directory.organisations
    buyers = [
        made.leads[deal.birth.lead].person
        if deal.birth.lead is not None
        else made.directory.person(organisations[deal.birth.organisation])
        for deal in made.deals
    ]
    activities = Diary(company, seed, made.team, made.calendar, made.clock).fill(made.leads, made.deals)
    emails = sorted((event for lead in made.leads for event in lead.emails), key=lambda event: (event.at, event.message))
    quotas = set_quotas(company, seed, made.team, made.clock)
    return Histories(
        company,
        seed,
        made.clock,
        made.calendar,
        made.team,
        organisations,
        made.leads,
        made.deals,
        made.paperwork,
        buyers,
        activities,
        emails,
        quotas,
    )


class _Births:
    """The beginnings of deals: from leads, and those an AE found alone."""

    def __init__(self, company: Company, seed: int, calendar: Calendar, clock: Clock, directory: Directory) -> None:
        self._company = company
        self._draws = Draws(seed, "births")
        self._calendar = calendar
        self._clock = clock
        self._directory = directory
        self._losing = {source.name: source.losing for source in company.sources}

    def all_births(self, leads: list[Lead]) -> list[Birth]:
        births = []
        for lead in leads:
            if lead.converted_at is not None:
                births.append(self._birth(lead.converted_at, lead.source.name, lead.organisation, lead))
        return births + self._direct(births)

    def _direct(self, births: list[Birth]) -> list[Birth]:
        """Deals without a lead: from partners and referrals, some with companies dealt with before."""
        company, draws, calendar = self._company, self._draws, self._calendar
        known = sorted((birth.at, birth.organisation) for birth in births)
        found = []
        for day in range(company.history_starts_on.toordinal(), company.as_of.toordinal() + 1):
            index = calendar.index(day)
            if not calendar.is_workday[index]:
                continue
            pace = 7 / 5 * company.scale * float(calendar.growth[index]) * float(calendar.level[index])
            for _ in range(draws.poisson(company.direct_deals_per_day * pace)):
                at = self._clock.utc(day, draws.between(9 * 3600, 17 * 3600))
                earlier = [number for since, number in known if since < at - 60 * 86400]
                again = bool(earlier) and draws.chance(0.4)
                organisation = (
                    self._directory.organisations[draws.pick(earlier)] if again else self._directory.organisation()
                )
                found.append(self._birth(at, "Partner" if draws.chance(0.6) else "Referral", organisation, None))
        return found

    def _birth(self, at: int, source: str, organisation: Organisation, lead: Lead | None) -> Birth:
        company, draws = self._company, self._draws
        low, high = company.segments[organisation.segment].employees
        # Larger companies of a segment buy somewhat more.
        place = (organisation.employees - low) / (high - low)
        size = 0.35 * (place - 0.35) * sqrt(12) + sqrt(1 - 0.35**2) * draws.normal()
        neglected = draws.chance(company.neglected_share)
        return Birth(
            at=at,
            stage=0,
            segment=organisation.segment,
            source=None if draws.chance(0.015) else source,
            losing=self._losing.get(source, 1.0),
            organisation=organisation.number,
            lead=None if lead is None else lead.number,
            developer=None if lead is None else lead.owner,
            size=size,
            diligent=draws.chance(company.diligent_share),
            neglected_from=draws.between(1, len(company.stages) - 1) if neglected else None,
        )


def _in_flight(company: Company, clock: Clock, funnel: Funnel, births: list[Birth], directory: Directory) -> list[Birth]:
    """Deals that were open when the CRM went live, entered on that day at the stage they had reached.

    Their past is that of the first deals of the history, moved back in time; it was left in the old CRM.
    """
    days = company.in_flight_days
    if days == 0:
        return []
    live = company.history_starts_on.toordinal()
    until = clock.utc(live + days, 0)
    past = [replace(birth, at=birth.at - days * 86400) for birth in births if birth.at < until]
    funnel.run(past, live - days, live - 1)
    entered = clock.utc(live, 10 * 3600)
    return [
        replace(
            deal.birth,
            at=entered + 4 * place,
            stage=stage,
            organisation=directory.organisation(deal.birth.segment).number,
            lead=None,
            developer=None,
            carried_over=True,
        )
        for place, (stage, deal) in enumerate(funnel.open_stages())
    ]
