"""Assumption: a threshold that a config names takes effect, and a misspelt one is an error.

Without it a company could believe for months that it had loosened or tightened its gate.
"""

from __future__ import annotations

import pytest

from funnelcast.errors import UsageError
from quality.thresholds import DEFAULTS, Threshold, UnknownThresholdError, settle


def test_defaults_hold_where_nothing_is_given() -> None:
    settled = settle()
    assert {threshold.name: getattr(settled, threshold.name) for threshold in DEFAULTS} == {
        threshold.name: threshold.value for threshold in DEFAULTS
    }


def test_a_config_overrides_one_and_leaves_the_others() -> None:
    settled = settle({"set_aside_share": 0.1})
    assert settled.set_aside_share == 0.1
    assert settled.quarantined_share == settle().quarantined_share


def test_an_unknown_threshold_is_named_with_the_closest_one() -> None:
    with pytest.raises(UnknownThresholdError, match=r"gate\.set_aside_shar: .* 'set_aside_share'"):
        settle({"set_aside_shar": 0.1})


@pytest.mark.parametrize("value", [-0.1, 2.0, float("nan"), True])
def test_a_value_that_cannot_be_is_named_with_what_was_expected(value: float) -> None:
    with pytest.raises(UnknownThresholdError, match=r"gate\.set_aside_share: expected a number from 0 to 1"):
        settle({"set_aside_share": value})


def test_a_wrong_threshold_is_a_usage_error() -> None:
    assert issubclass(UnknownThresholdError, UsageError)
    assert UnknownThresholdError.exit_code == 2


@pytest.mark.parametrize("threshold", DEFAULTS, ids=lambda threshold: str(threshold.name))
def test_every_default_has_a_reason_and_could_be_given_in_a_config(threshold: Threshold) -> None:
    assert threshold.reason.endswith(".")
    assert threshold.minimum <= threshold.value <= threshold.maximum
