"""Guards the assumption of quality/deferred_import.py: scipy.stats can stand in until it is looked into, and then works."""

from __future__ import annotations

import subprocess
import sys

_ASK = """
import sys
from quality.deferred_import import defer_unused
defer_unused()
import great_expectations
loaded = "scipy.stats._continuous_distns" in sys.modules
from scipy import stats
print(loaded, round(float(stats.norm.cdf(0)), 6))
"""


def test_scipy_is_loaded_when_it_is_looked_into_and_not_before() -> None:
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", _ASK], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "0.5"]
