"""Assumption: the benchmark's table of deciles sets what deals were given against how many of them were won.

If one fails, look at benchmarks/forecast_calibration.py.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast_calibration import deciles


def test_a_decile_tells_its_share_won_and_its_distance_in_standard_errors() -> None:
    # A hundred deals at 20 %, 28 of them won: a standard error is 0.04, so two apart. One deal that is certain is in the last decile.
    told = deciles(
        pd.DataFrame(
            {
                "horizon": "year",
                "probability": [*[0.2] * 100, 1.0],
                "is_won": [*[True] * 28, *[False] * 72, True],
            }
        )
    )
    assert told.loc[("year", 20), ["deals", "given", "won", "standard_errors"]].tolist() == pytest.approx(
        [100, 0.2, 0.28, 2.0]
    )
    assert told.loc[("year", 90), "won"] == 1.0
    assert np.isnan(told.loc[("year", 90), "standard_errors"])
