"""The sales team: who works there when, in which team and role, how skilled, how ramped up, on what quota.

Not here: what they do all day (leads, funnel, activities).
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from simulator.company import Company
from simulator.draws import Draws
from simulator.names import address_of, rep_name
from simulator.workdays import Calendar, Clock, Floats, add_months

SDR, AE, MANAGER, SDR_MANAGER, VP, REVOPS, INTEGRATION = (
    "sdr",
    "ae",
    "manager",
    "sdr_manager",
    "vp",
    "revops",
    "integration",
)


@dataclass(slots=True)
class Rep:
    """A user of the CRM: made at the instant `joined_crm`, at work since the day `started`."""

    number: int
    role: str
    first: str
    last: str
    email: str
    team: str
    manager: int | None
    started: int
    joined_crm: int
    left: int | None = None
    transfer: tuple[int, str, int] | None = None
    skill: float = 1.0

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    def team_on(self, day: int) -> str:
        """The rep's team on this day."""
        return self.transfer[1] if self.transfer and day >= self.transfer[0] else self.team


@dataclass(slots=True)
class Quota:
    """What an AE should win in a month. `revised` is a later instant and amount."""

    rep: int
    month: date
    amount: float
    set_at: int
    revised: tuple[int, float] | None = None


@dataclass(slots=True)
class Team:
    """Everyone, and per rep and day `output` (ramp; 0 if not employed) and `effort` (with skill, slumps)."""

    reps: list[Rep]
    output: Floats
    effort: Floats
    calendar: Calendar
    by_role: dict[str, list[int]] = field(default_factory=dict)

    def choose(self, role: str, day: int, draws: Draws, team: str | None = None) -> int:
        """Someone of the role at work that day, more likely the further ramped, mostly of the same team."""
        index = self.calendar.index(day)
        numbers = self.by_role[role]
        weights = [float(self.output[number, index]) for number in numbers]
        if team is not None and draws.chance(0.85):
            same = [w if self.reps[n].team_on(day) == team else 0.0 for n, w in zip(numbers, weights, strict=True)]
            weights = same if sum(same) > 0 else weights
        return numbers[draws.weighted(tuple(weights))]


def hire_team(company: Company, seed: int, calendar: Calendar, clock: Clock) -> Team:
    """The roster over the whole history."""
    draws = Draws(seed, "people")
    live = company.history_starts_on.toordinal()
    taken: dict[str, int] = {}
    reps: list[Rep] = []

    def add(role: str, team: str, manager: int | None, started: int) -> Rep:
        first, last = rep_name(draws, taken)
        email = address_of(first, last, company.domain)
        if role == INTEGRATION:
            first, last, email = "Integration", "User", f"integration@{company.domain}"
        # Whoever was there when the CRM went live got a user the week before; later ones on their first day.
        crm = clock.utc(max(started, live - 5), 9 * 3600 + 60 * len(reps))
        reps.append(Rep(len(reps), role, first, last, email, team, manager, started, crm))
        return reps[-1]

    boss = add(VP, "", None, live - 1500)
    managers = {team: add(MANAGER, team, boss.number, live - draws.between(700, 1200)).number for team in company.teams}
    sdr_boss = add(SDR_MANAGER, "", boss.number, live - 640)
    add(REVOPS, "", boss.number, live - 410)
    add(INTEGRATION, "", None, live - 5)
    for role, count in ((SDR, company.development_reps), (AE, company.account_executives)):
        for place in range(count):
            team = company.teams[place % 2]
            # All ramped up before the history begins.
            started = live - company.ramp_days - draws.between(20, 1100)
            add(role, team, sdr_boss.number if role == SDR else managers[team], started)
    for hire in sorted(company.hires, key=lambda h: (h.on, h.role, h.team)):
        if company.history_starts_on < hire.on <= company.as_of:
            add(
                hire.role,
                hire.team,
                sdr_boss.number if hire.role == SDR else managers[hire.team],
                hire.on.toordinal(),
            )
    for rep in reps:
        rep.skill = float(np.exp(company.skill_spread * draws.normal() - company.skill_spread**2 / 2))

    by_role: dict[str, list[int]] = {}
    for rep in reps:
        by_role.setdefault(rep.role, []).append(rep.number)
    for departure in company.departures:
        if departure.number < len(by_role[departure.role]) and departure.on <= company.as_of:
            reps[by_role[departure.role][departure.number]].left = departure.on.toordinal()
    for transfer in company.transfers:
        if transfer.number < len(by_role[transfer.role]) and transfer.on <= company.as_of:
            rep = reps[by_role[transfer.role][transfer.number]]
            other = company.teams[1 - company.teams.index(rep.team)]
            manager = managers[other] if rep.role == AE else sdr_boss.number
            rep.transfer = (transfer.on.toordinal(), other, manager)

    output = _output(company, reps, calendar)
    effort = output * np.array([rep.skill for rep in reps])[:, None]
    for slump in company.slumps:
        if slump.number < len(by_role[slump.role]):
            first, last = (calendar.index(day.toordinal()) for day in (slump.first, slump.last))
            if slump.first <= company.as_of:
                effort[by_role[slump.role][slump.number], first : last + 1] *= slump.level
    return Team(reps, output, effort, calendar, by_role)


def _output(company: Company, reps: list[Rep], calendar: Calendar) -> Floats:
    days = np.arange(calendar.first, calendar.last + 1)
    rows = []
    for rep in reps:
        ramp = company.ramp_floor + (1 - company.ramp_floor) * (days - rep.started) / company.ramp_days
        employed = (days >= rep.started) & (days < (rep.left if rep.left is not None else calendar.last + 1))
        rows.append(np.clip(ramp, 0, 1) * employed)
    return np.array(rows)


def set_quotas(company: Company, seed: int, team: Team, clock: Clock) -> list[Quota]:
    """Monthly quotas of every AE to the end of as-of's fiscal year, more of it due at a quarter's end."""
    draws = Draws(seed, "quotas")
    start_month = company.fiscal_year_start_month
    first = company.history_starts_on.replace(day=1)
    first_entry = company.history_starts_on.toordinal() + 2
    last = date(company.as_of.year + (company.as_of.month >= start_month), start_month, 1)
    quotas = []
    for number in team.by_role[AE]:
        rep = team.reps[number]
        personal = 1 + 0.04 * draws.between(-2, 2)
        month = first
        while month < last:
            day = month.toordinal()
            year_start = date(month.year - (month.month < start_month), start_month, 1)
            if rep.started < add_months(month, 1).toordinal() and (rep.left is None or day < rep.left):
                years = year_start.year - first.year
                ramp = min(1.0, max(0.0, (day - rep.started) / company.ramp_days))
                season = (0.75, 0.95, 1.30)[(month.month - start_month) % 3]
                amount = company.monthly_quota * personal * (1 + company.quota_growth_per_year) ** years * season * ramp
                set_on = max(year_start.toordinal() - 11, clock.day(rep.joined_crm) + 3, first_entry)
                set_at = clock.utc(set_on, 10 * 3600 + number * 7)
                quotas.append(Quota(number, month, float(round(amount / 500) * 500), set_at))
            month = add_months(month, 1)
        _revise_after_transfer(quotas, rep, clock)
    return quotas


def _revise_after_transfer(quotas: list[Quota], rep: Rep, clock: Clock) -> None:
    """A rep who changes team gets lighter quotas for the months to come, from the day after."""
    if rep.transfer is None:
        return
    moved = rep.transfer[0]
    for quota in quotas:
        if quota.rep == rep.number and quota.month.toordinal() > moved:
            quota.revised = (clock.utc(moved + 1, 11 * 3600), float(round(quota.amount * 0.9 / 500) * 500))
