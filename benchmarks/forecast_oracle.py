"""What somebody would expect who knows the simulated company's true risks and the true state of every deal: the best that can be.

Belongs here: exact expectations from `simulator.hazards`, and the error that chance leaves even so. It belongs to the benchmark
only: the product never sees a true parameter. Amounts are expected at what the deal truly is worth times what such deals came to
in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast_history import DealHistory
from simulator import Company, DealHistories, simulate_births
from simulator.funnel import Deal
from simulator.hazards import OLDEST, daily_risks, risk_tables
from simulator.people import AE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TYPES = 120  # sampled kinds of new deals that stand for all of them


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
    """Expected won amounts of a company."""

    def __init__(self, made: DealHistories, history: DealHistory, arrivals_per_day: Floats, first_arrival_day: int) -> None:
        self._made = made
        self._history = history
        self._stages = len(made.company.stages)
        self._tables = risk_tables(made.company)
        self._arrivals = arrivals_per_day
        self._first_arrival_day = first_arrival_day
        self._skill = np.array([rep.skill for rep in made.team.reps])
        self._worth = self._realised_worth()
        rng = np.random.default_rng(made.seed)
        births = [deal for deal in made.deals if not deal.birth.carried_over]
        self._new = self._types([births[i] for i in rng.choice(len(births), _TYPES, replace=False)])

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

    def _risks(self, types: Types, stage: int, age: Ints, day: int, pace: Floats) -> tuple[Floats, ...]:
        """Forward, lost and back probabilities of one day, broadcast over types x ages: skips are part of forward."""
        calendar = self._made.calendar
        index = calendar.index(day)
        shape = np.broadcast_shapes((len(types.segment), 1), np.atleast_2d(age).shape)

        def wide(values: NDArray[np.generic]) -> NDArray[np.generic]:
            return np.broadcast_to(np.asarray(values).reshape(-1, 1), shape)

        risks = daily_risks(
            self._made.company,
            self._tables,
            stage=np.full(shape, stage),
            age=np.broadcast_to(np.minimum(age, OLDEST), shape),
            segment=wide(types.segment),
            season=tuple(float(s[index]) for s in (calendar.forward, calendar.closing, calendar.losing, calendar.working)),
            rep_pace=wide(pace),
            size=wide(types.size),
            source_losing=wide(types.losing),
            care=wide(types.care),
            is_neglected=wide(stage >= types.neglected_from),
        )
        total = sum(risks)
        share = -np.expm1(-total) / np.where(total > 0, total, 1)
        return tuple(risk * share for risk in risks)

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
        state = np.zeros((self._stages, len(deals), horizon + 1))
        state[stage, np.arange(len(deals)), 0] = 1.0
        skip = self._made.company.skip_chance + self._made.company.same_instant_chance
        won = np.zeros(len(deals))
        results = []
        for step in range(horizon):
            day = start + step
            pace = self._pace(owners, day)
            width = step + 1
            ages = np.concatenate([np.zeros((len(deals), 1)), np.tile(step - np.arange(step), (len(deals), 1))], axis=1)
            ages[:, 0] = day - entered
            arriving = np.zeros((self._stages, len(deals)))
            for k in range(self._stages):
                here = state[k, :, :width]
                if not here.any():
                    continue
                forward, lost, back = self._risks(types, k, ages.astype(np.int64), day, pace)
                forward_flow, back_flow = (here * forward).sum(axis=1), (here * back).sum(axis=1)
                here *= 1 - forward - lost - back
                if k + 1 == self._stages:
                    won += forward_flow
                elif k + 2 < self._stages:
                    arriving[k + 1] += forward_flow * (1 - skip)
                    arriving[k + 2] += forward_flow * skip
                else:
                    arriving[k + 1] += forward_flow
                if k > 0:
                    arriving[k - 1] += back_flow
            state[:, :, width] = arriving
            if day + 1 in ends:
                results.append(float(won @ types.amount))
        return results

    def _from_new(self, start: int, end: int) -> float:
        """Backward in time: what a deal entering a stage on a day is worth by the end, for each sampled type; times who is coming."""
        types, horizon = self._new, end - start
        ages = np.arange(horizon + 1)
        value = np.zeros((self._stages, len(types.segment), horizon + 2))
        skip = self._made.company.skip_chance + self._made.company.same_instant_chance
        reopened = self._reopened_per_day(start)
        total = 0.0
        for day in range(end - 1, start - 1, -1):
            pace = np.full(len(types.segment), self._mean_pace(day))
            after = value[:, :, 1].copy()
            older = np.zeros_like(value)
            for k in range(self._stages):
                forward, lost, back = self._risks(types, k, ages[None, :], day, pace)
                if k + 1 == self._stages:
                    onward = np.ones((len(types.segment), 1))
                elif k + 2 < self._stages:
                    onward = ((1 - skip) * after[k + 1] + skip * after[k + 2])[:, None]
                else:
                    onward = after[k + 1][:, None]
                backward = after[k - 1][:, None] if k > 0 else 0.0
                older[k, :, :-1] = forward * onward + back * backward + (1 - forward - lost - back) * value[k, :, 1:]
            value = older
            # A deal born on a day is first at risk on the next.
            born = float(self._arrivals[day - self._first_arrival_day])
            total += born * float((after[0] * types.amount).mean())
            total += reopened * float((after[1:4].mean(axis=0) * types.amount).mean())
        return total

    def _reopened_per_day(self, start: int) -> float:
        spells = self._history.spells
        lost = spells[(spells["next_state"] == self._stages + 1) & spells["ended"].between(start - 75, start - 1)]
        return self._made.company.reopened_after_lost * len(lost) / 75


@cache
def arrivals_per_day(company: Company, seeds: tuple[int, ...]) -> Floats:
    """How many deals begin on each day of the history, on average over companies that differ by chance alone."""
    first, count = company.history_starts_on.toordinal(), (company.as_of - company.history_starts_on).days + 1
    total = np.zeros(count)
    for seed in seeds:
        born, clock = simulate_births(company, seed)
        total += np.bincount([clock.day(birth.at) - first for birth in born], minlength=count)[:count]
    return np.asarray(total / len(seeds))
