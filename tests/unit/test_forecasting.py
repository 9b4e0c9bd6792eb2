"""Assumption: the forecast's statistics are what their formulas say: held against hand-worked numbers, closed forms, simulation and scipy's own laws.

If one fails, look at the module of forecasting/ that it names; forecasting.risk and forecasting.law would be wrong.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasting.amounts import AmountCounts, Amounts, fit_amounts
from forecasting.arrivals import ArrivalCounts, ArrivalSettings, fit_arrivals
from forecasting.combination import CombinationSettings, feedback, spread_scale, weights
from forecasting.counts import AGE_BANDS, LOST, MOVED, WON, Counts, age_band
from forecasting.frames import CountsDisagree, History, MoveCounts, history
from forecasting.hazards import Hazards, HazardSettings, fit_hazards
from forecasting.laws import NAIVE, laws
from forecasting.level_doubt import Pipeline, level_deviation
from forecasting.levels import MONTH_DAYS, Belief, Levels, fit_levels
from forecasting.positions import MONTHS, WEEKS, cell_starts, positions
from forecasting.predictive import probability_of_reaching, quantile
from forecasting.propagation import OLDEST, Moves, win_probabilities
from forecasting.risks import AGE_KNOTS, knot_of, risks
from forecasting.seasons import effects

FIRST = date(2024, 2, 1).toordinal()


def days(*told: tuple[int, int, int]) -> np.ndarray:
    return np.array([date(*day).toordinal() for day in told])


# positions


def test_weeks_of_a_quarter_are_counted_from_its_end() -> None:
    at = positions(
        days((2026, 1, 31), (2026, 1, 25), (2026, 1, 24), (2025, 11, 1), (2025, 11, 2)), fiscal_year_start_month=2
    )
    # November to January has 92 days: the last seven are week 12, and the first has the one that is left besides.
    assert at.week_of_quarter.tolist() == [12, 12, 11, 0, 0]
    assert at.month_of_quarter.tolist() == [2, 2, 2, 0, 0]


def test_the_turn_of_the_year_is_a_month_of_its_own() -> None:
    at = positions(days((2025, 12, 19), (2025, 12, 20), (2026, 1, 2), (2026, 1, 3)), fiscal_year_start_month=1)
    assert at.month_of_year.tolist() == [11, 12, 12, 0]


def test_the_first_of_january_1970_was_a_thursday() -> None:
    assert positions(days((1970, 1, 1)), 1).weekday.tolist() == [3]


def test_cells_hold_each_day_once_and_break_at_months_quarters_weeks_and_the_turn_of_the_year() -> None:
    first, end = date(2025, 12, 1).toordinal(), date(2026, 2, 1).toordinal()
    starts = [date.fromordinal(day) for day in cell_starts(first, end, fiscal_year_start_month=1)]
    # The quarter ends on 31 December: its last weeks begin on the 4th, 11th, 18th and 25th. The next one's first week has 6 days.
    expected = [(12, 1), (12, 4), (12, 11), (12, 18), (12, 20), (12, 25), (1, 1), (1, 3), (1, 7), (1, 14), (1, 21), (1, 28)]
    assert [(day.month, day.day) for day in starts] == expected


# seasons


def test_a_season_is_shrunk_by_periods_seen() -> None:
    # One position seen in two periods, twice as much as expected in both. Weight of each: 1 / (1 + 0.01 x 100) = 1/2.
    # (1 / 0.04 + 1/2 x 200 + 1/2 x 200) / (1 / 0.04 + 1/2 x 100 + 1/2 x 100) = 225 / 125
    told = effects(
        np.array([200.0, 200.0]), np.array([100.0, 100.0]), np.zeros(2, int), np.arange(2), count=2, prior=0.04, between=0.01
    )
    assert told == pytest.approx([1.8, 1.0])


def test_events_without_end_in_one_period_are_one_observation() -> None:
    told = effects(np.array([2e9]), np.array([1e9]), np.zeros(1, int), np.zeros(1, int), count=1, prior=0.01, between=0.01)
    # The weight tends to 1 / (0.01 x expected): (100 + 200) / (100 + 100)
    assert told == pytest.approx([1.5], rel=1e-6)


def test_each_position_has_its_own_prior() -> None:
    # Nothing is taken off for periods: (1 / 0.04 + 50) / (1 / 0.04 + 25) = 75 / 50, and (1 / 0.01 + 50) / (1 / 0.01 + 25) = 150 / 125.
    observed, expected = np.full((2, 3), 50.0), np.full((2, 3), 25.0)
    told = effects(
        observed, expected, np.arange(2), np.arange(2), count=2, prior=np.array([0.04, 0.01]), between=0.0
    )  # the same in each of three columns of cells
    assert told == pytest.approx(np.array([[1.5] * 3, [1.2] * 3]))


# hazards and propagation


def counts_of(won: float, lost: float, days_told: int = 730, at_risk: float = 1000.0, seed: int = 1) -> Counts:
    """One stage, one class; every age band at risk on every day, with constant hazards."""
    rng = np.random.default_rng(seed)
    starts = cell_starts(FIRST, FIRST + days_told, 2)
    ends = np.append(starts[1:], FIRST + days_told)
    exposure = np.tile((at_risk * (ends - starts))[:, None, None, None], (1, 1, len(AGE_BANDS), 1))
    events = np.zeros((3, *exposure.shape))
    events[WON], events[LOST] = rng.poisson(won * exposure), rng.poisson(lost * exposure)
    day_events = np.zeros((3, days_told))
    day_events[WON] = day_events[LOST] = 1000.0
    return Counts(starts, ends, exposure, events, FIRST, day_events, 2)


def still(spread: np.ndarray | None = None, slope: float = 0.0) -> Levels:
    nothing = np.zeros((3, 3))
    return Levels(
        np.zeros((3, 1)), np.zeros(3), np.full(3, slope), np.zeros((6, 6)) if spread is None else spread, nothing, np.ones(1)
    )


def flat(base: np.ndarray, levels: Levels | None = None) -> Hazards:
    stages = base.shape[1]
    season = np.ones((3, 3, stages)), np.ones((3, WEEKS, stages)), np.ones((3, MONTHS)), np.ones((3, 7))
    return Hazards(base, *season, levels or still(), FIRST, 2)


def test_constant_hazards_are_found_again() -> None:
    fitted = fit_hazards(counts_of(0.01, 0.02), HazardSettings())
    assert fitted.base[WON, 0, :, 0] == pytest.approx(0.01, rel=0.02)
    assert fitted.base[LOST, 0, :, 0] == pytest.approx(0.02, rel=0.02)
    assert fitted.base[MOVED, 0, :, 0] == pytest.approx(0.0, abs=1e-4)
    assert fitted.season(np.arange(FIRST, FIRST + 365))[[WON, LOST]] == pytest.approx(1.0, abs=0.05)


def test_without_any_count_there_is_no_nonsense() -> None:
    counts = counts_of(0.01, 0.02).until(FIRST)
    fitted = fit_hazards(counts, HazardSettings())
    assert np.isfinite(fitted.base).all()
    assert fitted.season(np.arange(FIRST, FIRST + 30)) == pytest.approx(1.0)


def test_what_comes_after_a_day_changes_no_factor_fitted_before_it() -> None:
    plain, other = counts_of(0.01, 0.02), counts_of(0.01, 0.02)
    cut = int(plain.cell_start[40])
    other.events[:, 40:] *= 7
    other.at_risk[40:] *= 3
    other.day_events[:, cut - FIRST :] += 11
    before, after = (fit_hazards(counts.until(cut), HazardSettings()) for counts in (plain, other))
    assert np.array_equal(before.base, after.base)
    assert np.array_equal(before.season(np.arange(cut, cut + 92)), after.season(np.arange(cut, cut + 92)))


def test_one_stage_with_constant_hazards_has_a_closed_form() -> None:
    base = np.zeros((3, 1, len(AGE_BANDS), 1))
    base[WON], base[LOST] = 0.02, 0.03
    told = win_probabilities(flat(base), Moves(np.ones((1, 1)), np.ones((1, 1))), FIRST, FIRST + 60)
    expected = 0.02 / 0.05 * (1 - np.exp(-0.05 * 60))
    assert told.now == pytest.approx(expected, rel=1e-4)
    # Who comes in on a day is first at risk on the next: nobody who comes on the last day is won.
    assert told.arriving[-1, 0].tolist() == [0.0, 1.0]
    assert told.arriving[0, 0, 0] == pytest.approx(0.4 * (1 - np.exp(-0.05 * 59)), rel=1e-4)


def test_two_stages_and_classes_win_as_often_as_in_a_simulation() -> None:
    """Drawn day by day, deal by deal, from the same hazards: no shared code but the bands of age."""
    rng = np.random.default_rng(7)
    base = rng.uniform(0.002, 0.03, (3, 2, len(AGE_BANDS), 2))
    moves = Moves(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.7, 0.3], [0.0, 1.0]]))
    horizon, deals = 60, 40_000
    stage, place, age = np.zeros(deals, int), np.zeros(deals, int), np.full(deals, 5)
    won, gone = np.zeros(deals, bool), np.zeros(deals, bool)
    for _ in range(horizon):
        rates = base[:, stage, age_band(age), place]
        total = rates.sum(axis=0)
        leaves = (rng.random(deals) < 1 - np.exp(-total)) & ~gone
        cause = rng.random(deals) * total
        moved, wins = leaves & (cause < rates[MOVED]), leaves & (cause >= rates[MOVED]) & (cause < rates[MOVED] + rates[WON])
        won |= wins
        gone |= leaves & ~moved
        age = np.where(moved, 1, age + 1)
        stage = np.where(moved, 1 - stage, stage)
        place = np.where(moved & (place == 0) & (rng.random(deals) < 0.3), 1, place)
    told = win_probabilities(flat(base), moves, FIRST, FIRST + horizon).now[0, 0, 5]
    assert told == pytest.approx(won.mean(), abs=4 * np.sqrt(told * (1 - told) / deals))


# levels


def test_a_level_is_followed_as_a_kalman_filter_does() -> None:
    restless = (Belief(restless=0.1, turning=0.0, first_slope=0.0, own=0.0),)
    # 120 where 100 were expected: told 0.2 with variance 1/100, as much as the level's own: half of it is believed.
    one = fit_levels(np.array([[120.0]]), np.array([[100.0]]), restless)
    assert one.now == pytest.approx([0.1])
    assert one.spread[0, 0] == pytest.approx(0.005)
    # Then as many as this level says: it stays. 0.005 + 0.01 before, 1 / 110.5171 told: 0.015 x 0.0090484 / 0.0240484.
    two = fit_levels(np.array([[120.0, 110.5171]]), np.array([[100.0, 100.0]]), restless)
    assert two.now == pytest.approx([0.1], abs=1e-6)
    assert two.spread[0, 0] == pytest.approx(0.0056439, abs=1e-6)
    # Half a month after the middle of the last month, and a month more: 0.1² x 0.5, and x 1.5.
    assert two.covariance(0.0)[0, 0] == pytest.approx(0.0056439 + 0.005, abs=1e-6)
    assert two.covariance(MONTH_DAYS)[0, 0] == pytest.approx(0.0056439 + 0.015, abs=1e-6)


def test_a_month_of_its_own_is_believed_less() -> None:
    # Variance 1/100 of chance and 0.1² of its own: 0.2 x 0.01 / (0.01 + 0.02).
    told = fit_levels(np.array([[120.0]]), np.array([[100.0]]), (Belief(0.1, 0.0, 0.0, own=0.1),))
    assert told.now == pytest.approx([0.2 / 3])


def test_a_slope_goes_on_and_fades() -> None:
    # Half a month, and a month and a half, after the middle of the last month: 0.01 x (1 - 0.97^m) / (1 - 0.97).
    told = still(slope=0.01).ahead(np.array([0.0, MONTH_DAYS]))
    assert told[0] == pytest.approx([0.01 * (1 - 0.97**0.5) / 0.03, 0.01 * (1 - 0.97**1.5) / 0.03])


def test_a_company_that_stands_still_is_given_no_slope_and_one_that_drifts_is() -> None:
    rng = np.random.default_rng(5)
    months = np.arange(30)
    drift = np.array([-0.015, -0.015, 0.015])[:, None] * np.maximum(0, months - 12)
    expected = np.tile(np.array([[230.0], [40.0], [90.0]]), (1, 30))
    steady, drifting = (fit_levels(rng.poisson(expected * np.exp(of)), expected) for of in (0 * drift, drift))
    assert np.abs(steady.ahead(np.array([45.0]))).max() < 0.06
    # By then 0.015 x 19: the last month seen is the 17th of the drift, and the middle of the next quarter two months later.
    assert drifting.ahead(np.array([45.0]))[:, 0] == pytest.approx(drift[:, -1] / 17 * 19, abs=0.12)
    assert drifting.slope[0] < -0.005
    assert drifting.covariance(45.0)[0, 0] > steady.covariance(45.0)[0, 0]


def test_hazards_carry_their_levels_onward() -> None:
    told = flat(np.ones((3, 1, len(AGE_BANDS), 1)), still(slope=0.01)).season(np.array([FIRST]))
    assert np.log(told[0, 0, 0]) == pytest.approx(0.01 * (1 - 0.97 ** (0.5 + 0.5 / MONTH_DAYS)) / 0.03)


def test_doubt_of_levels_is_what_the_forecast_gives_way_by() -> None:
    """Open deals of one stage, of which those won have a closed form; only the level of wins is not known, by 20 %."""
    base = np.zeros((3, 1, len(AGE_BANDS), 1))
    base[WON], base[LOST] = 0.02, 0.03
    spread = np.zeros((6, 6))
    spread[WON, WON] = 0.04
    amounts = fit_amounts(AmountCounts(np.zeros((1, 1, 4)), np.zeros((1, 1, 3)), np.array([[[4.0, 400.0, 50000.0]]])))
    arrivals = fit_arrivals(ArrivalCounts(FIRST, np.zeros((0, 2, 1)), 2), ArrivalSettings())
    is_open = Pipeline(np.ones((1, len(AGE_BANDS), 1)))
    moves = Moves(np.ones((1, 1)), np.ones((1, 1)))

    def won(rate: float) -> float:
        return rate / (rate + 0.03) * (1 - float(np.exp(-(rate + 0.03) * 60)))

    told = level_deviation(flat(base, still(spread)), moves, arrivals, amounts, is_open, FIRST, FIRST, FIRST + 60)
    assert told == pytest.approx(0.2 * np.log(won(0.02 * np.exp(0.1)) / won(0.02)) / 0.1, rel=1e-3)
    empty = level_deviation(
        flat(base, still(spread)), moves, arrivals, amounts, Pipeline(is_open.deals * 0), FIRST, FIRST, FIRST + 60
    )
    assert empty == 0.0


def test_a_class_of_amount_that_nobody_is_in_yet_changes_no_doubt() -> None:
    rng = np.random.default_rng(9)
    base = rng.uniform(0.01, 0.03, (3, 2, len(AGE_BANDS), 3))
    spread = np.diag([0.01, 0.02, 0.01, 0.0, 0.0, 0.0])
    deals = rng.uniform(0, 9, (2, len(AGE_BANDS), 3))
    deals[:, :, 2], deals[0, 3] = 0.0, 0.0
    mean = np.array([50.0, 90.0, 70.0])
    amounts = Amounts(np.ones(2), np.ones(2), np.ones(2), np.ones(2), mean, mean**2)
    moves = Moves(np.array([[0.0, 1.0], [0.0, 1.0]]), np.eye(3))
    entered = np.ones((60, 3, 3))
    entered[:, :, 2] = 0.0
    told = []
    for classes in (2, 3):
        arrivals = fit_arrivals(ArrivalCounts(FIRST, entered[:, :, :classes], 2), ArrivalSettings())
        few = replace(amounts, entry_mean=mean[:classes], entry_square=mean[:classes] ** 2)
        is_open = Pipeline(deals[:, :, :classes])
        hazards = flat(base[..., :classes], still(spread))
        told.append(level_deviation(hazards, moves, arrivals, few, is_open, FIRST + 60, FIRST + 60, FIRST + 90))
    assert told[0] > 0.01
    assert told[0] == pytest.approx(told[1], rel=1e-12)


# arrivals and amounts


def test_arrivals_follow_weekdays_and_growth() -> None:
    rng = np.random.default_rng(3)
    told = np.arange(FIRST, FIRST + 900)
    rate = np.where(positions(told, 2).weekday < 5, 14.0, 0.0) * 1.2 ** ((told - FIRST) / 365.25)
    fitted = fit_arrivals(ArrivalCounts(FIRST, rng.poisson(rate)[:, None, None].astype(float), 2), ArrivalSettings())
    ahead = np.arange(told[-1] + 1, told[-1] + 92)
    expected = np.where(positions(ahead, 2).weekday < 5, 14.0, 0.0) * 1.2 ** ((ahead - FIRST) / 365.25)
    assert fitted.daily(ahead).sum() == pytest.approx(expected.sum(), rel=0.06)
    assert fitted.daily(ahead)[positions(ahead, 2).weekday >= 5].max() < 0.2
    assert fitted.growth * 365.25 == pytest.approx(np.log(1.2), abs=0.06)


def test_deals_are_won_at_what_such_deals_were_won_at() -> None:
    many = 1e9
    known = np.array([[[1000.0, 900.0, 5000.0, 4000.0], [2000.0, 2000.0, 7000.0, 7000.0]]]) * many
    unknown = np.array([[[10.0, 500.0, 30000.0], [10.0, 0.0, 0.0]]]) * many
    by_class = np.array([[[4.0, 400.0, 50000.0], [0.0, 0.0, 0.0]]]) * many
    fitted = fit_amounts(AmountCounts(known, unknown, by_class))
    assert fitted.growth == pytest.approx([0.9, 1.0])
    assert fitted.growth_square == pytest.approx([0.8, 1.0])
    assert fitted.unknown_mean == pytest.approx([50.0, 0.0], abs=1e-3)
    # A class that was never won has the mean of all.
    assert fitted.entry_mean == pytest.approx([100.0, 100.0])


def test_without_a_win_amounts_are_taken_as_they_are() -> None:
    fitted = fit_amounts(AmountCounts(np.zeros((0, 2, 4)), np.zeros((0, 2, 3)), np.zeros((0, 1, 3))))
    assert fitted.growth.tolist() == [1.0, 1.0]
    assert fitted.unknown_mean.tolist() == [0.0, 0.0]


# the predictive law


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_quantiles_are_those_of_a_gamma_law_above_what_is_won(probability: float) -> None:
    told = quantile(probability, np.array([100.0]), np.array([400.0]), np.array([150.0]))
    # mean 300, standard deviation 150: shape 4, scale 75
    assert told == pytest.approx([100 + stats.gamma(4, scale=75).ppf(probability)])


def test_the_chance_of_the_quota() -> None:
    won, mean, deviation = np.array([100.0] * 4), np.array([400.0] * 3 + [100.0]), np.array([150.0] * 3 + [0.0])
    told = probability_of_reaching(np.array([400.0, 100.0, 50.0, 101.0]), won, mean, deviation)
    assert told == pytest.approx([stats.gamma(4, scale=75).sf(300), 1.0, 1.0, 0.0])


def test_nothing_is_said_of_nothing() -> None:
    nothing = np.array([np.nan])
    assert np.isnan(quantile(0.5, np.zeros(1), nothing, nothing)).all()
    assert np.isnan(probability_of_reaching(nothing, np.zeros(1), np.ones(1), np.ones(1))).all()


# weights


def test_feedback_is_the_precision_weighted_error_shrunk_to_none() -> None:
    settings = CombinationSettings(feedback_prior=0.01, feedback_half_life=1.0, feedback_between=0.0)
    # Precisions 0.5 x 100 and 100, told -0.2 and +0.1; prior 100: (50 x -0.2 + 100 x 0.1) / 250 = 0; then only the last.
    assert feedback(np.array([100.0, 100.0]), np.full(2, 0.01), np.array([80.0, 110.0]), settings) == pytest.approx(1.0)
    assert feedback(np.array([100.0]), np.full(1, 0.01), np.array([110.0]), settings) == pytest.approx(1.05)
    assert feedback(np.zeros(0), np.zeros(0), np.zeros(0), settings) == 1.0


def test_weights_without_a_record_are_the_prior_odds() -> None:
    told = weights(np.zeros((0, 3)), np.zeros(0), np.array([5.0, 6.0, np.nan]), CombinationSettings(first_odds=3.0))
    assert told == pytest.approx([0.75, 0.25, 0.0])


def test_weights_are_marginal_likelihoods() -> None:
    settings = CombinationSettings(first_odds=1.0, prior_error=0.04, prior_periods=2.0, memory_half_life=1e12)
    # Two replays of 100; errors of the first 0 and 0, of the second 20 % each: squares 0 and 0.08; half 1, belief 0.04.
    told = weights(np.array([[100.0, 120.0], [100.0, 80.0]]), np.array([100.0, 100.0]), np.array([1.0, 1.0]), settings)
    second = (1 + 0.08 / 2 / 0.04) ** -2.0
    assert told == pytest.approx([1 / (1 + second), second / (1 + second)])


def test_no_method_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no method has a forecast"):
        weights(np.zeros((0, 2)), np.zeros(0), np.full(2, np.nan), CombinationSettings())


def test_the_spread_follows_the_errors_but_not_one_wild_one() -> None:
    settings = CombinationSettings(spread_periods=10.0, memory_half_life=1e12)
    assert spread_scale(np.zeros(0), settings) == 1.0
    assert spread_scale(np.full(10, 2.0), settings) == pytest.approx(np.sqrt((10 + 40) / 20))
    assert spread_scale(np.array([100.0]), settings) == pytest.approx(np.sqrt((10 + 9) / 11))


# the whole, from frames


def law_frames(basis: str = "hazard", months: int = 8) -> tuple[pd.DataFrame, ...]:
    """Months of 2026 with two teams; what was won is 100 a month, the risks said 110, last month's naive method 100."""
    starts = pd.to_datetime([f"2026-{month:02d}-01" for month in range(1, months + 1)])
    key = pd.DataFrame({"made_on": starts, "period_type": "month", "period_start": starts})
    moment = key.assign(period_end=starts + pd.offsets.MonthEnd(0), is_at_start=True)
    part = pd.DataFrame(
        {"scope": ["company", "team", "team"], "scope_id": ["all", "East", "West"], "share": [1.0, 0.75, 0.25]}
    )
    rows = key.merge(part, how="cross")
    hazard = rows.assign(
        won_so_far=0.0, from_open=80 * rows["share"], from_new=30 * rows["share"], variance=900 * rows["share"], basis=basis,
        known_wins=50, known_closes=200, level_deviation=0.0,
    )  # fmt: skip
    naive = rows.assign(method="last_period", forecast=100 * rows["share"])
    won = key[["period_type", "period_start"]].assign(known_from=pd.NaT, known_until=pd.NaT, amount=100.0)
    return moment, hazard, naive, won


def test_teams_add_up_to_the_company_in_the_mean() -> None:
    told = laws(*law_frames(), CombinationSettings())
    for name in ("mean", "from_open", "from_new"):
        by_scope = told.groupby(["made_on", "scope"])[name].sum().unstack()
        assert by_scope["company"].to_numpy() == pytest.approx(by_scope["team"].to_numpy(), abs=0.02)


def test_the_record_corrects_the_risks_and_counts_its_replays() -> None:
    told = laws(*law_frames(), CombinationSettings()).query("scope == 'company'").reset_index(drop=True)
    assert told["replays"].tolist() == list(range(8))
    assert told["feedback"][0] == 1.0
    assert (np.diff(told["feedback"]) < 0).all()
    assert 100 < told["mean"][7] < told["mean"][0] < 110.01
    assert (told["p10"] < told["p50"]).all()
    assert (told["p50"] < told["p90"]).all()
    assert told[["weight_hazard", *(f"weight_{method}" for method in NAIVE)]].sum(axis=1).to_numpy() == pytest.approx(
        1.0, abs=1e-5
    )


def test_what_is_not_known_of_levels_widens_the_law() -> None:
    moment, hazard, naive, won = law_frames(months=1)
    sure, unsure = (
        laws(moment, hazard.assign(level_deviation=deviation), naive, won, CombinationSettings()).iloc[0]
        for deviation in (0.0, 0.1)
    )
    # A tenth of the 110 that the risks say, by their weight.
    added = unsure["standard_deviation"] ** 2 - sure["standard_deviation"] ** 2
    assert added == pytest.approx(sure["weight_hazard"] * 11.0**2, abs=0.5)
    assert unsure["mean"] == sure["mean"]


def test_a_forecast_of_the_past_does_not_know_what_came_after() -> None:
    moment, hazard, naive, won = law_frames()
    later = hazard["made_on"] > "2026-04-01"
    other = hazard.assign(from_open=hazard["from_open"].where(~later, 7777.0))
    later_won = won.assign(amount=won["amount"].where(won["period_start"] < "2026-04-01", 5.0))
    corrected = pd.DataFrame(
        {
            "period_type": "month",
            "period_start": pd.to_datetime(["2026-02-01"]),
            "known_from": pd.to_datetime(["2026-04-02"]),
            "amount": 900.0,
        }
    )
    later_won = pd.concat([later_won, corrected.assign(known_until=pd.NaT)])
    before, after = (
        laws(moment, hazard, naive, won, CombinationSettings()),
        laws(moment, other, naive, later_won, CombinationSettings()),
    )
    until = before["made_on"] <= "2026-04-01"
    pd.testing.assert_frame_equal(before[until], after[until], check_exact=True)
    assert not before[~until].equals(after[~until])


def test_without_history_hand_set_probabilities_speak_and_say_so() -> None:
    moment, hazard, naive, won = law_frames(basis="static", months=1)
    static = naive.assign(method="static_weighted", forecast=40.0)
    told = laws(moment, hazard, pd.concat([naive, static]), won, CombinationSettings())
    assert told["basis"].tolist() == ["static"] * 3
    assert told["mean"].tolist() == [40.0] * 3
    # A standard deviation as large as the mean: exponential.
    assert told["p90"].to_numpy() == pytest.approx([-40 * np.log(0.1)] * 3, abs=0.01)


def test_without_history_and_probabilities_nothing_is_said() -> None:
    told = laws(*law_frames(basis="static", months=1), CombinationSettings())
    assert told["basis"].tolist() == ["none"] * 3
    assert told[["mean", "p10", "p50", "p90", "standard_deviation"]].isna().all(axis=None)


def test_part_of_a_period_is_part_of_a_naive_forecast() -> None:
    moment, hazard, naive, won = law_frames(months=1)
    now = pd.Timestamp("2026-01-17")
    frames = [
        frame.assign(made_on=now) for frame in (moment.assign(is_at_start=False), hazard.assign(won_so_far=10.0), naive)
    ]
    settings = CombinationSettings(first_odds=1e-12)
    told = laws(*frames, won, settings).query("scope == 'company'")
    # 15 of 31 days are ahead.
    assert told["mean"].tolist() == pytest.approx([10 + 100 * 15 / 31], abs=0.01)


def empty_history() -> History:
    stage = pd.DataFrame({"source_system": ["generic"], "pipeline": ["p"], "stage": ["s"]})
    starts = cell_starts(FIRST, FIRST + 40, 2)
    shape = (len(starts), 1, len(AGE_BANDS), 1)
    return History(
        stage,
        np.array([0]),
        Counts(
            starts, np.append(starts[1:], FIRST + 40), np.zeros(shape), np.zeros((3, *shape)), FIRST, np.zeros((3, 40)), 2
        ),
        ArrivalCounts(FIRST, np.zeros((40, 2, 1)), 2),
        MoveCounts(np.zeros((len(starts), 1, 1)), np.zeros((len(starts), 1, 1))),
        AmountCounts(np.zeros((len(starts), 1, 4)), np.zeros((len(starts), 1, 3)), np.zeros((len(starts), 1, 3))),
    )


@pytest.mark.parametrize(
    ("closed", "won", "basis"), [(0, 0, "static"), (1, 0, "pooled"), (5, 2, "pooled"), (40, 20, "hazard")]
)
def test_short_histories_are_labelled(closed: int, won: int, basis: str) -> None:
    told = empty_history()
    told.counts.at_risk[0, 0, 0, 0] = 500.0
    told.counts.events[WON, 0, 0, 0, 0], told.counts.events[LOST, 0, 0, 0, 0] = won, closed - won
    moment = pd.DataFrame(
        {"made_on": ["2024-03-01"], "period_type": "month", "period_start": ["2024-03-01"], "period_end": ["2024-03-31"]}
    )
    rows = risks(told, moment)
    assert rows["basis"].unique().tolist() == [basis]
    chance = rows["win_probability"].dropna()
    assert len(chance) == len(AGE_KNOTS)
    assert chance.between(0, 1).all()
    assert (rows["expected_wins"].dropna() == 0).all()


def test_the_age_of_a_deal_is_known_by_the_knot_below_it() -> None:
    assert knot_of(np.array([1, 14, 15, 16, 34, 35, 39, 90, 104, 105, 180, OLDEST, 4000])).tolist() == [
        1, 14, 14, 16, 34, 35, 35, 90, 90, 105, 180, OLDEST, OLDEST,
    ]  # fmt: skip


def test_a_cell_that_sql_and_python_do_not_share_is_refused() -> None:
    empty = pd.DataFrame(
        {"cell_start": pd.to_datetime(["2024-02-05"]), "source_system": "generic", "pipeline": "p", "stage": "s"}
    )
    exposure = empty.assign(age_band=0, amount_class=0, at_risk_days=1, moved=0, won=0, lost=0)
    none = exposure.iloc[:0]
    with pytest.raises(CountsDisagree, match="cell_starts"):
        history(
            exposure=exposure,
            exit_day=none.assign(date_day=none["cell_start"]),
            arrival=none.assign(came_on=none["cell_start"], deals=0),
            move=none.assign(next_pipeline="", next_stage="", next_class=0, deals=0),
            amount=none.assign(
                is_known=True, weight=0, known_amount=0, won_amount=0, known_amount_squared=0, won_amount_squared=0
            ),
            stage=empty,
            first_day=FIRST,
            end=FIRST + 40,
            fiscal_year_start_month=2,
        )
