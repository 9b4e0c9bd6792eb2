"""What reps write down about a deal in the CRM: amounts and line items, expected close dates, their pushes,
forecast categories, next steps, reasons for losing.

It follows a deal forward in time and never looks at its outcome. Not here: how a deal moves (funnel).
"""

from dataclasses import dataclass, field
from datetime import date
from math import exp

from simulator.company import Company
from simulator.draws import Draws
from simulator.funnel import Deal, Move
from simulator.workdays import DAY, Calendar, Clock, month_end, quarter_end

Value = str | int | float | bool | None
Fields = dict[str, Value]

LOSS_REASONS = ("No Decision", "Price", "Competitor", "Went Silent", "Timing", "Missing Feature", "No Budget")
_NEXT_STEPS = (
    "Send pricing",
    "Security review with IT",
    "Intro to CFO, then legal",
    "Book technical deep dive",
    'Waiting for "go" from procurement',
    "Follow up after board meeting",
    "Reference call",
    "Send revised quote\nand mutual action plan",
)


@dataclass(slots=True)
class Line:
    """A product on a deal. `changes` are later instants with their unit price."""

    product: int
    quantity: int
    unit_price: float
    created_at: int
    changes: list[tuple[int, float]] = field(default_factory=list)

    def total(self, unit_price: float) -> float:
        """What the line comes to at a unit price."""
        return round(self.quantity * unit_price, 2)


@dataclass(slots=True)
class Paperwork:
    """What the CRM says of a deal: the fields at its creation, each later change of them, and its products.

    Close dates are date ordinals here. Changes are in time order; two at one instant are in order of saving.
    """

    deal: Deal
    created: Fields
    changes: list[tuple[int, Fields]]
    lines: list[Line]

    def at(self, instant: int) -> Fields:
        """The fields as they stood at the end of an instant."""
        now = dict(self.created)
        for when, fields in self.changes:
            if when <= instant:
                now.update(fields)
        return now


class Clerk:
    """Writes the paperwork of deals."""

    def __init__(self, company: Company, seed: int, calendar: Calendar, clock: Clock) -> None:
        self._company = company
        self._draws = Draws(seed, "deals")
        self._calendar = calendar
        self._clock = clock
        self._end = clock.utc(company.as_of.toordinal() + 1, 0)
        self._won = len(company.stages)

    def write_up(self, deal: Deal) -> Paperwork:
        """Follow a deal through its moves."""
        first = deal.moves[0]
        draws = self._draws
        self._never_amount = draws.chance(self._company.amount_never_entered)
        knows_amount = not self._never_amount and draws.chance(0.70 if first.stage == 0 else 0.92)
        self._paper = Paperwork(deal, {}, [], [])
        self._now: Fields = {
            **self._stage_fields(first),
            "Amount": self._guess() if knows_amount else None,
            "CloseDate": self._expected_close(first.stage, self._clock.day(first.at)),
            "NextStep": draws.pick(_NEXT_STEPS) if draws.chance(0.3) else None,
            "Loss_Reason__c": None,
        }
        self._paper.created = dict(self._now)
        ends = [move.at for move in deal.moves[1:]] + [deal.deleted_at or self._end]
        for place, (move, until) in enumerate(zip(deal.moves, ends, strict=True)):
            if place > 0:
                self._save(move.at, self._entering(move))
            if move.stage < self._won:
                self._meanwhile(move, until)
        return self._paper

    def _save(self, at: int, fields: Fields) -> None:
        changed = {key: value for key, value in fields.items() if self._now[key] != value}
        if changed:
            self._now.update(changed)
            self._paper.changes.append((at, changed))

    def _stage_fields(self, move: Move) -> Fields:
        retired = self._company.retired_stage
        if move.stage == self._won:
            probability, category = 100, "Closed"
        elif move.stage > self._won:
            probability, category = 0, "Omitted"
        else:
            stage = self._company.stages[move.stage]
            probability, category = stage.default_probability, stage.forecast_category
            if retired is not None and move.label == retired.label:
                probability = retired.default_probability
        return {
            "StageName": move.label,
            "Probability": probability,
            "ForecastCategoryName": category,
            "IsClosed": move.stage >= self._won,
            "IsWon": move.stage == self._won,
        }

    def _entering(self, move: Move) -> Fields:
        """What is saved together with a move."""
        draws, fields = self._draws, self._stage_fields(move)
        day = self._clock.day(move.at)
        if move.stage >= self._won:
            late = 0 if draws.chance(self._company.close_date_on_time) else draws.between(1, 4)
            fields["CloseDate"] = max(day - late, self._clock.day(self._paper.deal.birth.at))
            fields["NextStep"] = None
            if move.stage > self._won and draws.chance(0.94):
                fields["Loss_Reason__c"] = LOSS_REASONS[draws.weighted((28, 20, 16, 14, 10, 7, 5))]
        else:
            fields["Loss_Reason__c"] = None
            reopened = self._now["IsClosed"]
            if reopened or (move.stage >= 3 and draws.chance(0.45)):
                fields["CloseDate"] = self._expected_close(move.stage, day)
            if draws.chance(0.35):
                fields["NextStep"] = draws.pick(_NEXT_STEPS)
        if self._now["Amount"] is None and not self._never_amount and move.stage <= self._won and draws.chance(0.75):
            fields["Amount"] = self._guess()
        return fields

    def _meanwhile(self, move: Move, until: int) -> None:
        """Saves between two moves: products, discounts, second thoughts, pushes of a date that has come."""
        plans = sorted(self._plans(move), key=lambda plan: plan[0])
        push_at = self._push_time(move.at)
        while True:
            plan_at = plans[0][0] if plans else self._end
            at = min(plan_at, push_at)
            if at >= until:
                return
            if push_at < plan_at:
                self._save(at, {"CloseDate": self._pushed_close(self._clock.day(at))})
                push_at = self._push_time(at)
            else:
                self._carry_out(plans.pop(0)[1], at, move)
                push_at = max(push_at, at + 60)

    def _plans(self, move: Move) -> list[tuple[int, str]]:
        draws, stage = self._draws, move.stage
        plans = []
        chance_of_products = (0.0, 0.0, 0.35, 0.80, 0.60)[min(stage, 4)]
        if not self._paper.lines and not self._never_amount and draws.chance(chance_of_products):
            plans.append((move.at + draws.between(90, 2400), "products"))
        if draws.chance(0.08):
            plans.append((self._later(move.at, 9), "amount"))
        if stage == self._won - 1 and draws.chance(0.45):
            plans.append((self._later(move.at, 4), "discount"))
        if stage >= 2 and draws.chance(self._company.forecast_override):
            plans.append((self._later(move.at, 5), "category"))
        if draws.chance(0.03):
            plans.append((self._later(move.at, 6), "probability"))
        if draws.chance(0.35):
            plans.append((self._later(move.at, 8), "next step"))
        return plans

    def _carry_out(self, plan: str, at: int, move: Move) -> None:
        draws = self._draws
        if plan == "products":
            self._paper.lines = self._lines(at)
            self._save(at, {"Amount": self._sum_of_lines()})
        elif plan == "discount" and self._paper.lines:
            off = draws.pick((0.05, 0.10, 0.10, 0.15, 0.20))
            for line in self._paper.lines:
                line.changes.append((at, round(line.unit_price * (1 - off), 2)))
            self._save(at, {"Amount": self._sum_of_lines()})
        elif plan == "amount" and not self._paper.lines and self._now["Amount"] is not None:
            self._save(at, {"Amount": self._guess()})
        elif plan == "category":
            choice = ("Most Likely", "Commit", "Best Case") if move.stage == 3 else ("Best Case", "Most Likely")
            self._save(at, {"ForecastCategoryName": draws.pick(choice)})
        elif plan == "probability":
            self._save(
                at,
                {"Probability": self._company.stages[move.stage].default_probability + draws.pick((-5, 5, 10))},
            )
        elif plan == "next step":
            self._save(at, {"NextStep": draws.pick(_NEXT_STEPS)})

    def _true_amount(self) -> float:
        birth = self._paper.deal.birth
        segment = self._company.segments[birth.segment]
        return segment.amount_median * exp(segment.amount_spread * birth.size)

    def _guess(self) -> float:
        """A rep's round figure."""
        amount = self._true_amount() * exp(0.20 * self._draws.normal())
        step = 250 if amount < 8000 else 500 if amount < 25000 else 1000
        return float(max(1, round(amount / step)) * step)

    def _lines(self, at: int) -> list[Line]:
        """Products that come to about the true amount: seats of a plan, perhaps an add-on and services."""
        draws, products = self._draws, self._company.products
        amount = self._true_amount()
        plans = [place for place, product in enumerate(products) if product.family == "Platform"]
        plan = plans[min(self._paper.deal.birth.segment, len(plans) - 1)]
        if plan > plans[0] and draws.chance(0.2):
            plan -= 1
        extras = []
        for place, product in enumerate(products):
            if product.family == "Services" and product.list_price < 0.25 * amount and draws.chance(0.35):
                extras.append(Line(place, 1, product.list_price, at))
                amount -= product.list_price
        per_seat = [plan]
        per_seat += [place for place, p in enumerate(products) if p.family == "Add-on" and draws.chance(0.35)]
        seats = max(3, round(amount / sum(products[place].list_price for place in per_seat)))
        return [Line(place, seats, products[place].list_price, at) for place in per_seat] + extras

    def _sum_of_lines(self) -> float:
        lines = self._paper.lines
        return round(sum(line.total(line.changes[-1][1] if line.changes else line.unit_price) for line in lines), 2)

    def _expected_close(self, stage: int, day: int) -> int:
        """A hopeful guess, often set to the end of the month or quarter it falls in."""
        draws, company = self._draws, self._company
        pace = company.segments[self._paper.deal.birth.segment].pace
        days = sum(s.mean_days for s in company.stages[stage:]) * pace * 0.9 * exp(0.3 * draws.normal())
        return self._rounded(date.fromordinal(day + max(5, round(days))))

    def _rounded(self, guess: date) -> int:
        roll = self._draws.random()
        if roll < 0.35:
            return month_end(guess).toordinal()
        if roll < 0.50:
            return quarter_end(guess, self._company.fiscal_year_start_month).toordinal()
        return guess.toordinal()

    def _push_time(self, now: int) -> int:
        """When the rep will move the expected close date of a deal still open: about then, or much later."""
        draws, birth = self._draws, self._paper.deal.birth
        neglected = birth.neglected_from is not None and self._stage_now() >= birth.neglected_from
        close = self._now["CloseDate"]
        assert isinstance(close, int)
        day = close + (draws.between(15, 80) if neglected else draws.between(-3, 7))
        day = self._calendar.next_workday(max(day, self._clock.day(now) + 1))
        return self._clock.utc(day, draws.between(8 * 3600 + 1800, 18 * 3600))

    def _pushed_close(self, day: int) -> int:
        draws, close = self._draws, self._now["CloseDate"]
        assert isinstance(close, int)
        later = max(day, close) + draws.pick((10, 14, 21, 30, 30, 45))
        return self._rounded(date.fromordinal(later))

    def _stage_now(self) -> int:
        labels = [stage.label for stage in self._company.stages]
        label = str(self._now["StageName"])
        return labels.index(label) if label in labels else self._won - 1

    def _later(self, at: int, mean_days: float) -> int:
        """Some days on, in working hours; now and then on a weekend, before Monday's forecast call."""
        day = self._clock.day(at + int(self._draws.exponential(mean_days * DAY)))
        if not self._draws.chance(0.2):
            day = self._calendar.next_workday(day)
        return max(self._clock.utc(day, self._draws.between(8 * 3600 + 1800, 18 * 3600)), at + 120)
