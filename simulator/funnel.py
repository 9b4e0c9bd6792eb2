"""Deals on their way through the stages, day by day: born, moved, lost, won, reopened, deleted, handed over.

Not here: what the reps write down about a deal (deals), or Salesforce's shape of it (salesforce).
"""

from dataclasses import dataclass, field

import numpy as np

from simulator.company import Company
from simulator.draws import Draws
from simulator.hazards import OLDEST, Indices, daily_risks, risk_tables
from simulator.people import AE, INTEGRATION, Team
from simulator.workdays import Calendar, Clock, Floats

CREATED, FORWARD, SKIPPED, AT_ONCE, BACK = "created", "forward", "skipped", "at_once", "back"
WON_MOVE, LOST_MOVE, REOPENED, RELABELLED = "won", "lost", "reopened", "relabelled"
_NEVER = 99  # a stage no deal reaches


@dataclass(slots=True)
class Birth:
    """A deal about to begin. `size` is how large it is for its segment, in deviations of log amount."""

    at: int
    stage: int
    segment: int
    source: str | None
    losing: float
    organisation: int
    lead: int | None
    developer: int | None
    size: float
    diligent: bool
    neglected_from: int | None
    carried_over: bool = False


@dataclass(slots=True)
class Move:
    """A deal's entry into a stage (its place: the open ones, then won, then lost) under a CRM label."""

    at: int
    stage: int
    label: str
    kind: str


@dataclass(slots=True)
class Deal:
    """A deal and its moves. `owners` are (since, rep)."""

    number: int
    birth: Birth
    owners: list[tuple[int, int]]
    created_by: int
    moves: list[Move] = field(default_factory=list)
    deleted_at: int | None = None

    def owner_at(self, instant: int) -> int:
        """Whose deal it is at an instant."""
        owner = self.owners[0][1]
        for since, rep in self.owners:
            if since <= instant:
                owner = rep
        return owner


@dataclass
class _Open:
    """The engine's arrays, one place per deal."""

    stage: Indices
    entered: Indices
    segment: Indices
    owner: Indices
    size: Floats
    losing: Floats
    care: Floats
    neglected_from: Indices


class Funnel:
    """Runs deals through the stages from their births to the end of as-of."""

    def __init__(self, company: Company, draws: Draws, team: Team, calendar: Calendar, clock: Clock) -> None:
        self._company = company
        self._draws = draws
        self._team = team
        self._calendar = calendar
        self._clock = clock
        self._tables = risk_tables(company)
        self._skill = np.array([rep.skill for rep in team.reps])
        self.won = len(company.stages)
        self.lost = self.won + 1
        self._labels = [stage.label for stage in company.stages] + ["Closed Won", "Closed Lost"]
        self._seasons = (calendar.forward, calendar.closing, calendar.losing, calendar.working)

    def run(self, births: list[Birth], first_day: int, last_day: int) -> list[Deal]:
        """Every deal, numbered in order of birth."""
        births = sorted(births, key=lambda birth: birth.at)
        self._deals: list[Deal] = []
        self._state = _arrays(births, company=self._company)
        self._reopenings: dict[int, list[tuple[int, int]]] = {}
        pending = iter(births)
        birth = next(pending, None)
        for day in range(first_day, last_day + 1):
            self._reassign_leavers(day)
            self._move_open(day)
            for place, stage in self._reopenings.pop(day, []):
                self._move(place, stage, day, REOPENED, self._business_time(day))
            self._retire_label(day)
            self._delete(day, last_day)
            while birth is not None and birth.at < self._clock.utc(day + 1, 0):
                self._begin(birth, day)
                birth = next(pending, None)
        return self._deals

    def open_stages(self) -> list[tuple[int, Deal]]:
        """The deals that are open now, with their stage."""
        return [(int(self._state.stage[deal.number]), deal) for deal in self._deals if self._state.stage[deal.number] >= 0]

    def _begin(self, birth: Birth, day: int) -> None:
        draws, number = self._draws, len(self._deals)
        near = None if birth.developer is None else self._team.reps[birth.developer].team_on(day)
        owner = self._team.choose(AE, day, draws, near)
        owners = [(birth.at, owner)]
        created_by = owner if birth.developer is None else birth.developer
        if birth.carried_over:
            created_by = self._team.by_role[INTEGRATION][0]
        elif birth.developer is not None and draws.chance(0.18):
            # Not every deal has its AE from the start: the SDR holds it for a day or two.
            handed = self._clock.utc(
                self._calendar.add_workdays(day, draws.between(1, 2)), draws.between(9 * 3600, 12 * 3600)
            )
            owners = [(birth.at, birth.developer), (handed, owner)]
        deal = Deal(number, birth, owners, created_by)
        deal.moves.append(Move(birth.at, birth.stage, self._labels[birth.stage], CREATED))
        self._deals.append(deal)
        self._state.owner[number] = owner
        self._enter(number, birth.stage, day)
        if birth.stage == 0 and draws.chance(self._company.same_instant_chance):
            deal.moves.append(Move(birth.at, 1, self._labels[1], AT_ONCE))
            self._enter(number, 1, day)

    def _move_open(self, day: int) -> None:
        places = np.flatnonzero(self._state.stage >= 0)
        if not len(places):
            return
        forward, lost, back = self.risks(places, day)
        total = forward + lost + back
        chances = self._draws.generator.random((2, len(places)))
        leaving = chances[0] < 1 - np.exp(-total)
        causes = chances[1] * total
        for i in np.flatnonzero(leaving):
            place = int(places[i])
            if causes[i] < forward[i]:
                self._forward(place, day)
            elif causes[i] < forward[i] + lost[i]:
                self._close(self._deals[place], self.lost, day, LOST_MOVE, self._business_time(day))
            else:
                stage = max(0, int(self._state.stage[place]) - 1)
                self._move(place, stage, day, BACK, self._business_time(day))
        self._relabel(day)

    def risks(self, places: Indices, day: int) -> tuple[Floats, Floats, Floats]:
        """The day's true hazards of the deals in these places: forward, lost, back."""
        state, index = self._state, self._calendar.index(day)
        stage, owner = state.stage[places], state.owner[places]
        forward, lost, back = daily_risks(
            self._company,
            self._tables,
            stage=stage,
            age=np.minimum(day - state.entered[places], OLDEST),
            segment=state.segment[places],
            season=tuple(float(season[index]) for season in self._seasons),
            rep_pace=self._skill[owner] * (0.55 + 0.45 * self._team.output[owner, index]),
            size=state.size[places],
            source_losing=state.losing[places],
            care=state.care[places],
            is_neglected=stage >= state.neglected_from[places],
        )
        times = self._times_as_long(stage, owner, day)
        return forward / times, lost / times, back / times

    def _times_as_long(self, stage: Indices, owner: Indices, day: int) -> Floats:
        """How much longer than usual each deal stays where it is."""
        times = np.ones(len(stage))
        for slow in self._company.slowdowns:
            if day >= slow.since.toordinal():
                place = next(i for i, each in enumerate(self._company.stages) if each.key == slow.stage)
                teams = np.array([slow.team in (None, rep.team_on(day)) for rep in self._team.reps])
                times[(stage == place) & teams[owner]] *= slow.times
        return times

    def _forward(self, place: int, day: int) -> None:
        stage = int(self._state.stage[place])
        at = self._business_time(day, closing=stage + 1 == self.won)
        if stage + 1 == self.won:
            self._close(self._deals[place], self.won, day, WON_MOVE, at)
            return
        roll = self._draws.random()
        skip, at_once = self._company.skip_chance, self._company.same_instant_chance
        if stage + 2 < self.won and roll < skip:
            self._move(place, stage + 2, day, SKIPPED, at)
        elif stage + 2 < self.won and roll < skip + at_once:
            self._move(place, stage + 1, day, FORWARD, at)
            self._move(place, stage + 2, day, AT_ONCE, at)
        else:
            self._move(place, stage + 1, day, FORWARD, at)

    def _close(self, deal: Deal, stage: int, day: int, kind: str, at: int) -> None:
        self._move(deal.number, stage, day, kind, at)
        self._state.stage[deal.number] = -1
        draws, company = self._draws, self._company
        again = company.reopened_after_won if stage == self.won else company.reopened_after_lost
        if draws.chance(again):
            back_in = draws.between(3, 18) if stage == self.won else draws.between(9, 75)
            target = self.won - 1 if stage == self.won else draws.between(1, self.won - 2)
            when = self._calendar.next_workday(day + back_in)
            self._reopenings.setdefault(when, []).append((deal.number, target))

    def _move(self, place: int, stage: int, day: int, kind: str, at: int) -> None:
        self._deals[place].moves.append(Move(at, stage, self._labels[stage], kind))
        self._enter(place, stage, day)

    def _enter(self, place: int, stage: int, day: int) -> None:
        self._state.stage[place] = stage
        self._state.entered[place] = day

    def _relabel(self, day: int) -> None:
        """Give some deals the label that was still in use then: the same stage, so their age runs on."""
        retired = self._company.retired_stage
        if (
            retired is None
            or day >= retired.retired_on.toordinal()
            or not self._calendar.is_workday[self._calendar.index(day)]
        ):
            return
        for place in np.flatnonzero((self._state.stage == self._retired_place()) & (self._state.entered < day - 1)):
            deal = self._deals[int(place)]
            if deal.moves[-1].label != retired.label and self._draws.chance(retired.daily_chance):
                deal.moves.append(Move(self._business_time(day), int(self._state.stage[place]), retired.label, RELABELLED))

    def _retire_label(self, day: int) -> None:
        """The administrator's mass update: each deal under the old label gets the stage's own, at once."""
        retired = self._company.retired_stage
        if retired is None or day != retired.retired_on.toordinal():
            return
        at = self._clock.utc(day, 21 * 3600 + 30 * 60)
        for place in np.flatnonzero(self._state.stage == self._retired_place()):
            deal = self._deals[int(place)]
            if deal.moves[-1].label == retired.label:
                stage = int(self._state.stage[place])
                deal.moves.append(Move(at, stage, self._labels[stage], RELABELLED))

    def _retired_place(self) -> int:
        retired = self._company.retired_stage
        return next(i for i, s in enumerate(self._company.stages) if retired is not None and s.key == retired.key)

    def _reassign_leavers(self, day: int) -> None:
        for rep in self._team.reps:
            if rep.left != day:
                continue
            at = self._clock.utc(day, 8 * 3600 + 5 * 60)
            for deal in self._deals:
                if deal.owners[-1][1] == rep.number and self._state.stage[deal.number] >= 0:
                    heir = self._team.choose(rep.role, day, self._draws, rep.team)
                    deal.owners.append((max(at, deal.owners[-1][0] + 1), heir))
                    self._state.owner[deal.number] = heir

    def _delete(self, day: int, last_day: int) -> None:
        """Duplicates entered by mistake are deleted. Older ones are in no extract any more, so not made."""
        company = self._company
        if day <= last_day - company.deletion_days or not self._calendar.is_workday[self._calendar.index(day)]:
            return
        for _ in range(self._draws.poisson(company.deletions_per_day * company.scale)):
            young = np.flatnonzero((self._state.stage >= 0) & (self._state.stage <= 1))
            if len(young):
                place = int(young[self._draws.between(0, len(young) - 1)])
                deal = self._deals[place]
                at = max(self._business_time(day), deal.moves[-1].at + 60)
                deal.deleted_at = at
                self._state.stage[place] = -1

    def _business_time(self, day: int, closing: bool = False) -> int:
        """A time of the working day; what closes on a quarter's last days may close late in the evening."""
        draws = self._draws
        late = closing and self._calendar.closing[self._calendar.index(day)] > 2.2 and draws.chance(0.2)
        second = draws.between(18 * 3600, 23 * 3600 + 1800) if late else draws.between(8 * 3600 + 1800, 18 * 3600)
        return self._clock.utc(day, second)


def _arrays(births: list[Birth], company: Company) -> _Open:
    count = len(births)
    share, effect = company.diligent_share, company.diligent_effect
    careless = (1 - share * effect) / (1 - share) if share < 1 else 1.0
    return _Open(
        stage=np.full(count, -1, dtype=np.int64),
        entered=np.zeros(count, dtype=np.int64),
        segment=np.array([birth.segment for birth in births], dtype=np.int64),
        owner=np.zeros(count, dtype=np.int64),
        size=np.array([birth.size for birth in births], dtype=np.float64),
        losing=np.array([birth.losing for birth in births], dtype=np.float64),
        care=np.array([effect if birth.diligent else careless for birth in births], dtype=np.float64),
        neglected_from=np.array(
            [_NEVER if birth.neglected_from is None else birth.neglected_from for birth in births],
            dtype=np.int64,
        ),
    )
