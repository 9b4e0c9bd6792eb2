"""What somebody would expect who knows the simulated company's true risks and the true state of every deal: the best that can be.

Belongs here: exact expectations from `simulator.hazards`, and the error that chance leaves even so. It belongs to the benchmark
only: the product never sees a true parameter. Amounts are expected at what the deal truly is worth times what such deals came to
in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast_history import DealHistory
from simulator import Company, DealHistories, simulate_births
from simulator.funnel import Deal
from simulator.hazards import OLDEST, daily_risks, risk_tables
from simulator.people import AE
from simulator.workdays import Calendar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TYPES = 120  # kinds of new deals that stand for all of them


@dataclass(frozen=True)
class Types:
    """Deals (or kinds of deals) by what decides their risks: arrays of one length."""

    segment: Ints
    size: Floats
    losing: Floats
    care: Floats
    neglected_from: Ints
    amount: Floats


class Oracle:
    """Expected won amounts of a company. ``calendar`` is what the oracle takes days to be: the true one, or one without the weeks in
    which something went wrong that nobody could foresee."""

    def __init__(
        self, made: DealHistories, history: DealHistory, calendar: Calendar, arrivals_per_day: Floats, first_arrival_day: int
    ) -> None:
        self._made = made
        self._calendar = calendar
        self._history = history
        self._stages = len(made.company.stages)
        self._tables = risk_tables(made.company)
        self._arrivals = arrivals_per_day
        self._first_arrival_day = first_arrival_day
        self._skill = np.array([rep.skill for rep in made.team.reps])
        self._worth = self._realised_worth()
        self._new = self._representative([deal for deal in made.deals if not deal.birth.carried_over])

    def expected(self, start: int, ends: tuple[int, ...]) -> list[float]:
        """Expected won amount in [start, end) for each end (ascending), from the state at the start of day ``start``."""
        open_deals, stage, entered = self._open_at(start)
        from_open = self._from_open(open_deals, stage, entered, start, ends)
        return [known + self._from_new(start, end) for known, end in zip(from_open, ends, strict=True)]

    def _types(self, deals: list[Deal]) -> Types:
        company = self._made.company
        share, effect = company.diligent_share, company.diligent_effect
        careless = (1 - share * effect) / (1 - share) if share < 1 else 1.0
        births = [deal.birth for deal in deals]
        segment = np.array([birth.segment for birth in births], dtype=np.int64)
        size = np.array([birth.size for birth in births])
        median = np.array([s.amount_median for s in company.segments])
        spread = np.array([s.amount_spread for s in company.segments])
        return Types(
            segment=segment,
            size=size,
            losing=np.array([birth.losing for birth in births]),
            care=np.array([effect if birth.diligent else careless for birth in births]),
            neglected_from=np.array([99 if b.neglected_from is None else b.neglected_from for b in births], dtype=np.int64),
            amount=median[segment] * np.exp(spread[segment] * size) * self._worth,
        )

    def _representative(self, deals: list[Deal]) -> Types:
        """The middle one of each of so many equal parts of all deals in order of amount, worth as much together as all.

        As many drawn by chance would be worth 14 % more or less than all (standard deviation), since amounts are so skew.
        """
        every = self._types(deals)
        middle = ((np.arange(_TYPES) + 0.5) * len(deals) / _TYPES).astype(np.int64)
        chosen = self._types([deals[i] for i in np.argsort(every.amount, kind="stable")[middle]])
        return replace(chosen, amount=chosen.amount * (every.amount.mean() / chosen.amount.mean()))

    def _realised_worth(self) -> float:
        """What won deals came to, on average, as a share of what they truly were worth (discounts, rounding, none entered)."""
        company = self._made.company
        came, true = 0.0, 0.0
        deals = self._made.deals
        for number, amount in zip(self._history.wins["deal"], self._history.wins["amount"], strict=True):
            birth = deals[number].birth
            segment = company.segments[birth.segment]
            true += segment.amount_median * float(np.exp(segment.amount_spread * birth.size))
            came += 0.0 if np.isnan(amount) else float(amount)
        return came / true

    def _open_at(self, start: int) -> tuple[list[Deal], Ints, Ints]:
        spells = self._history.spells
        now = spells[(spells["began"] < start) & (spells["ended"] >= start)]
        now = now[~now["deal"].isin(self._history.wins.loc[self._history.wins["day"] < start, "deal"])]
        now = now.drop_duplicates("deal", keep="last")
        deals = [self._made.deals[number] for number in now["deal"]]
        return deals, now["stage"].to_numpy(np.int64), now["stage_entered"].to_numpy(np.int64)

    def _neutral(self, types: Types, ages: Ints) -> Floats:
        """Forward, lost and back hazards on a neutral day under an average rep, by stage: (3, stages, types, ages).

        ``ages``: (ages,), or (types, ages).
        """
        shape = np.broadcast_shapes((len(types.segment), 1), np.atleast_2d(ages).shape)

        def wide(values: NDArray[np.generic]) -> NDArray[np.generic]:
            return np.broadcast_to(np.asarray(values).reshape(-1, 1), shape)

        risks = [
            daily_risks(
                self._made.company,
                self._tables,
                stage=np.full(shape, stage),
                age=np.broadcast_to(np.minimum(ages, OLDEST), shape),
                segment=wide(types.segment),
                season=(1.0, 1.0, 1.0, 1.0),
                rep_pace=np.ones(shape),
                size=wide(types.size),
                source_losing=wide(types.losing),
                care=wide(types.care),
                is_neglected=wide(stage >= types.neglected_from),
            )
            for stage in range(self._stages)
        ]
        return np.stack(risks, axis=1)

    def _day(self, day: int) -> Floats:
        """By what a day's season multiplies neutral hazards: (3, stages, 1, 1). The rep's pace multiplies moves forward besides."""
        calendar = self._calendar
        index = calendar.index(day)
        factors = np.empty((3, self._stages))
        factors[0], factors[0, -2:] = calendar.forward[index], calendar.closing[index]
        factors[1], factors[2] = calendar.losing[index], calendar.working[index]
        return factors[:, :, None, None]

    def _pace(self, owners: Ints, day: int) -> Floats:
        output = self._made.team.output[owners, self._made.calendar.index(day)]
        return np.asarray(self._skill[owners] * (0.55 + 0.45 * output))

    def _mean_pace(self, day: int) -> float:
        """Of the reps that new deals go to: the further ramped, the more."""
        owners = np.array(self._made.team.by_role[AE])
        output = self._made.team.output[owners, self._made.calendar.index(day)]
        return float((output * self._pace(owners, day)).sum() / output.sum())

    def _from_open(self, deals: list[Deal], stage: Ints, entered: Ints, start: int, ends: tuple[int, ...]) -> list[float]:
        """Forward in time: the chance that each deal is in each stage since each day (place 0: since it entered the one it is in)."""
        types = self._types(deals)
        instant = self._made.clock.utc(start, 0)
        owners = np.array([deal.owner_at(instant) for deal in deals], dtype=np.int64)
        horizon = ends[-1] - start
        # Of deals that enter a stage within the horizon, oldest first, so that a day's ages are the last places.
        young = self._neutral(types, np.arange(horizon, 0, -1))
        carried = self._neutral(types, (start - entered)[:, None] + np.arange(horizon))
        state = np.zeros((self._stages, len(deals), horizon + 1))
        state[stage, np.arange(len(deals)), 0] = 1.0
        skip = self._made.company.skip_chance + self._made.company.same_instant_chance
        won = np.zeros(len(deals))
        results = []
        for step in range(horizon):
            day = start + step
            hazards = np.concatenate([carried[..., [step]], young[..., horizon - step :]], axis=3) * self._day(day)
            hazards[0] *= self._pace(owners, day)[:, None]
            forward, lost, back = _probabilities(hazards)
            here = state[:, :, : step + 1]
            forward_flow, back_flow = (here * forward).sum(axis=2), (here * back).sum(axis=2)
            here *= 1 - forward - lost - back
            won += forward_flow[-1]
            state[1:, :, step + 1] = forward_flow[:-1]
            # Of those that move on, some skip a stage, but not the last one.
            skipped = skip * forward_flow[:-2]
            state[1:-1, :, step + 1] -= skipped
            state[2:, :, step + 1] += skipped
            state[:-1, :, step + 1] += back_flow[1:]
            if day + 1 in ends:
                results.append(float(won @ types.amount))
        return results

    def _from_new(self, start: int, end: int) -> float:
        """Backward in time: what a deal entering a stage on a day is worth by the end, for each sampled type; times who is coming."""
        types, horizon = self._new, end - start
        neutral = self._neutral(types, np.arange(horizon + 1))
        value = np.zeros((self._stages, len(types.segment), horizon + 2))
        skip = self._made.company.skip_chance + self._made.company.same_instant_chance
        reopened = self._reopened_per_day(start)
        total = 0.0
        for day in range(end - 1, start - 1, -1):
            hazards = neutral * self._day(day)
            hazards[0] *= self._mean_pace(day)
            forward, lost, back = _probabilities(hazards)
            after = value[:, :, 1].copy()
            onward = np.concatenate([after[1:], np.ones_like(after[:1])])
            onward[:-2] += skip * (after[2:] - after[1:-1])
            backward = np.concatenate([np.zeros_like(after[:1]), after[:-1]])
            value[:, :, :-1] = (
                forward * onward[:, :, None] + back * backward[:, :, None] + (1 - forward - lost - back) * value[:, :, 1:]
            )
            # A deal born on a day is first at risk on the next.
            born = float(self._arrivals[day - self._first_arrival_day])
            total += born * float((after[0] * types.amount).mean())
            total += reopened * float((after[1:4].mean(axis=0) * types.amount).mean())
        return total

    def _reopened_per_day(self, start: int) -> float:
        spells = self._history.spells
        lost = spells[(spells["next_state"] == self._stages + 1) & spells["ended"].between(start - 75, start - 1)]
        return self._made.company.reopened_after_lost * len(lost) / 75


def _probabilities(hazards: Floats) -> Floats:
    """Of competing hazards of one day (their kinds first): the chance of each."""
    total = hazards.sum(axis=0)
    return np.asarray(hazards * np.divide(-np.expm1(-total), total, out=np.ones_like(total), where=total > 0))


def without_shocks(made: DealHistories) -> Calendar:
    """The company's calendar but for its bad weeks."""
    first, last = (date.fromordinal(day) for day in (made.calendar.first, made.calendar.last))
    return Calendar(replace(made.company, bad_weeks=()), first, last)


def arrivals_per_day(company: Company, seeds: tuple[int, ...]) -> Floats:
    """How many deals begin on each day of the history, on average over companies that differ by chance alone."""
    first, count = company.history_starts_on.toordinal(), (company.as_of - company.history_starts_on).days + 1
    total = np.zeros(count)
    for seed in seeds:
        born, clock = simulate_births(company, seed)
        total += np.bincount([clock.day(birth.at) - first for birth in born], minlength=count)[:count]
    return np.asarray(total / len(seeds))
