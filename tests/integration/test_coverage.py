"""Assumption: an interval of 95 % holds the rate that is true of a simulated company in about 95 of 100 cases, and as often what comes of its
youngest cohorts; never less often.

`python -m benchmarks.coverage` measures it on more companies. If it fails, look at macros/aalen_johansen.sql and macros/rates.sql.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.coverage import NEUTRAL, measure, measure_leads, true_conversion

pytestmark = pytest.mark.long


def test_the_true_rate_of_the_first_stages_is_worked_by_hand() -> None:
    """Discovery has no way back, so 1 - 0.27. Qualified: 0.73 forward, 0.02 back to discovery, from where 0.73 come again."""
    segment = replace(NEUTRAL.segments[0], losing=1.0)
    discovery, qualified = true_conversion(replace(NEUTRAL, segments=(segment,)), 0)[:2]
    assert discovery == pytest.approx(0.73)
    assert qualified == pytest.approx(0.73 / (1 - 0.02 * 0.73))


def test_intervals_hold_the_truth_as_often_as_they_promise() -> None:
    """No further from 95 % than chance explains, and four points for what is approximate in an interval of few deals.

    The interval of a cohort that is not finished holds both what is true and what will come of it: each of the two more often than 95 %.
    """
    for found in measure(companies=16):
        assert found.intervals > 120
        by_chance = 3 * max(found.standard_error, (0.95 * 0.05 / found.intervals) ** 0.5)
        assert abs(found.share - 0.95) <= by_chance + 0.04, found


def test_the_interval_of_leads_holds_what_comes_of_the_current_month() -> None:
    found = measure_leads(companies=60)
    assert found.intervals == 60
    assert abs(found.share - 0.95) <= 3 * (0.95 * 0.05 / found.intervals) ** 0.5
